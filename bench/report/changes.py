"""What changed between two runs, in words: on a terminal, as JSON, as tables."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bench.archive import write_whole
from bench.changes import NONE, RELATIVE, TIME, changes, fault_changes, other_machine
from bench.charts import date, machine, words
from bench.frames import records
from bench.report import sentences
from bench.report.differences import Difference, differences
from bench.report.facets import every
from bench.report.model import Table
from bench.reproduce import Outcome, outcomes, read_side
from bench.results import Run
from bench.stats import INCONCLUSIVE

JSON = "changes.json"
BASES = {
    TIME: "time here over time there",
    RELATIVE: "the same, each over the baseline's of its run",
    NONE: "not comparable",
}
COUNTED = ("slower", "faster", "equivalent", INCONCLUSIVE)
NUMBERS = ("ratio", "low", "high", "confidence", "noise")


@dataclass(frozen=True)
class Changes:
    """Two runs and what changed between them.

    ``claims`` is what became of the claims where the machines are not the same, empty
    otherwise: there a ratio may rightly be another one, and only what is said of it counts.
    """

    here: Run
    there: Run
    table: pd.DataFrame
    faults: pd.DataFrame
    other_machine: list[str]
    claims: list[Outcome]

    @classmethod
    def of(cls, here: Run, there: Run) -> Changes:
        other = other_machine(here.about, there.about)
        claims: list[Outcome] = []
        if other:
            sides = read_side(there.folder), read_side(here.folder)
            if any(row["kind"] == "claim" for row in sides[0].rows.values()):
                claims = outcomes(*sides)
        made = changes(here, there), fault_changes(here, there)
        return cls(here, there, *made, other, claims)

    @property
    def differences(self) -> list[Difference]:
        cells = sorted(set(self.table.get("cell", ())) | set(self.faults.get("cell", ())))
        return differences(self.there.about, self.here.about, cells)

    @property
    def regressions(self) -> list[str]:
        """What a command that is asked to fails for, empty where there is nothing."""
        return [*self._speed(), *self._claims(), *self._failures()]

    def _speed(self) -> Iterator[str]:
        if self.other_machine or self.table.empty:
            return
        table = self.table
        for row in records(table[(table["verdict"] == "slower") & table["claimed"]]):
            ratio = words.number(row["ratio"])
            yield f"{self.named(row)}: {ratio} times, beyond the noise; a claim rests on it"

    def _claims(self) -> Iterator[str]:
        for outcome in self.claims:
            if outcome.agreement.result == "disagrees":
                row = outcome.published
                stacks = self.there.about["stacks"]
                pair = " over ".join(words.side(row, which, stacks) for which in "ab")
                yield f"{_case(row)}, {pair}: {outcome.agreement.reason}"

    def _failures(self) -> Iterator[str]:
        for row in records(self.faults[self.faults["broken_now"].astype(bool)]):
            fault, before = row["fault"].replace("_", " "), row["verdict_there"]
            yield f"{self.named(row)} under {fault}: broken, was {before}"

    def named(self, row: dict[str, Any]) -> str:
        return f"{_case(row)}, {words.cell(row, self.here.about['stacks'])}"


def _case(row: Mapping[str, Any]) -> str:
    named = f"{words.workload(row['workload'])} {words.quantity(row)}"
    return named if row.get("fault") else f"{named}, {words.case(row)}"


# -- text ------------------------------------------------------------------------------


def _ratio(row: dict[str, Any]) -> str:
    if row["basis"] == NONE:
        return words.PASSED_OVER
    ratio = words.number(row["ratio"])
    if math.isnan(row["low"]):
        return f"{ratio}, too few blocks"
    low, high = (words.number(row[key], row["ratio"]) for key in ("low", "high"))
    return f"{ratio} ({low} to {high})"


def _verdict(row: dict[str, Any]) -> str:
    return sentences.VERDICTS[row["verdict"]].split(":")[0].split(" (")[0]


def _noise(row: dict[str, Any]) -> str:
    if math.isinf(row["noise"]):
        return str(row["noise_from"])
    return f"{sentences.noise(row['noise'])}, {row['noise_from']}"


def cases_table(made: Changes) -> Table:
    """Return a row for each case that both runs have: ratio, noise, verdict."""
    rows = [
        [
            words.cell(row, made.here.about["stacks"]) + ("*" if row["claimed"] else ""),
            f"{words.workload(row['workload'])} {words.quantity(row)}",
            words.case(row),
            _ratio(row),
            BASES[row["basis"]],
            _noise(row),
            _verdict(row),
            "no" if row["same"] else "yes",
        ]
        for row in records(made.table)
    ]
    columns = [
        "cell", "measured", "case", "here / there", "of", "noise", "here", "differs",
    ]  # fmt: skip
    caption = f"Cases that {made.there.name} measured too; * marks what a claim rests on"
    about = every(records(made.table), made.here.about["stacks"])
    return Table(columns, rows, caption, folded=True, facets=about)


def faults_table(made: Changes) -> Table:
    """Return a row for each fault whose verdict is another one."""
    rows = [
        [
            words.cell(row, made.here.about["stacks"]),
            words.workload(row["workload"]),
            row["fault"].replace("_", " "),
            row["verdict_there"],
            row["verdict"],
            "worse" if row["worse"] else "better",
        ]
        for row in records(made.faults)
    ]
    columns = ["cell", "workload", "fault", "there", "here", ""]
    caption = f"Faults that came to something else than in {made.there.name}"
    about = every(records(made.faults), made.here.about["stacks"])
    return Table(columns, rows, caption, facets=about)


def differences_table(made: Changes) -> Table:
    """Return what differs between machines, versions and programs of both runs."""
    rows = [[each.fact, each.here, each.published] for each in made.differences]
    caption = f"What differs from {made.there.name}"
    return Table(["fact", "here", "there"], rows, caption, folded=len(rows) > 12)


def counted(made: Changes) -> str:
    """Return "slower 1, faster 0, ..." over all cases that both runs have."""
    found = Counter(made.table["verdict"])
    said = ", ".join(f"{sentences.VERDICTS[v].split(':')[0]} {found[v]}" for v in COUNTED)
    return f"{words.plural(len(made.table), 'case')} in both runs: {said}"


def basis_said(made: Changes) -> str:
    """Return on what the verdicts rest, for a reader of the table."""
    if made.other_machine:
        return (
            f"Another machine ({', '.join(made.other_machine)} differ): times cannot be "
            "compared. What is compared is each cell's time over the baseline's in its "
            "run, which may be another here without anything having become worse."
        )
    if TIME not in set(made.table.get("basis", ())):
        return (
            "The same machine, but no program that is the same in both runs, on the same "
            "harness, libraries and system: how much the machine itself moved between them "
            "is not known. What is compared is each cell's time over the baseline's."
        )
    return (
        "The same machine. A verdict has to exceed what programs that did not change "
        "show the machine to have moved between the two runs."
    )


def lines(made: Changes) -> Iterator[str]:
    """Yield what the command prints."""
    stacks = made.here.about["stacks"]
    rows = [
        (
            f"  {words.cell(row, stacks)}{' *' if row['claimed'] else ''}",
            _ratio(row),
            _verdict(row) if row["basis"] != NONE else BASES[NONE],
            _noise(row),
        )
        for row in records(made.table)
    ]
    header = ("  here / there", "ratio", "here", "noise")
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for which, run in (("here", made.here), ("there", made.there)):
        yield f"{which:5}  {run.name}, {date(run.about)}, {machine(run.about)}"
    yield basis_said(made)
    if rows:
        yield ""
        yield _padded(header, widths)
    before = ""
    for row, cells in zip(records(made.table), rows, strict=True):
        if row["name"] != before:
            before = row["name"]
            yield _case(row)
        yield _padded(cells, widths)
    yield ""
    yield f"{counted(made)}; * a claim rests on it"
    for table in (faults_table(made), differences_table(made)):
        if table.rows:
            yield f"{table.caption}:"
            widths = [max(map(len, column)) for column in zip(*table.rows, strict=True)]
            yield from (f"  {_padded(row, widths)}" for row in table.rows)
    yield from (f"REGRESSION  {said}" for said in made.regressions)
    if not made.regressions:
        yield "no regression"


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (text.ljust(width) for text, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


# -- JSON ------------------------------------------------------------------------------


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as JSON holds it; a number that does not exist is null."""
    kept = ("case", "cell", "basis", *NUMBERS, "noise_from", "verdict")
    more = ("blocks_here", "blocks_there", "claimed", "same")
    found = {key: row[key] for key in (*kept, *more)}
    for key in NUMBERS:
        found[key] = found[key] if math.isfinite(found[key]) else None
    return found


def write(made: Changes, folder: Path) -> Path:
    """Write changes.json into a folder, and return its path."""
    faults = ("case", "cell", "fault", "verdict", "verdict_there", "worse", "broken_now")
    content = {
        "here": made.here.name,
        "there": made.there.name,
        "other_machine": made.other_machine,
        "regressions": made.regressions,
        "cases": [_plain(row) for row in records(made.table)],
        "faults": [{key: row[key] for key in faults} for row in records(made.faults)],
        "claims": [
            {
                "case": outcome.published["name"],
                "cells": [outcome.published[f"cell_{side}"] for side in "ab"],
                "result": outcome.agreement.result,
                "reason": outcome.agreement.reason,
            }
            for outcome in made.claims
        ],
        "differences": [each._asdict() for each in made.differences],
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, allow_nan=False)
    write_whole(folder / JSON, text + "\n")
    return folder / JSON
