"""What changed between two runs, in words: on a terminal, as JSON, as tables."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.analysis.changes import changes, fault_changes, other_machine
from bench.analysis.compared_rows import Basis, Change
from bench.analysis.comparisons import of_kind
from bench.analysis.recovery_rows import FaultChange
from bench.analysis.reproduction import Outcome, outcomes, read_side
from bench.analysis.results import Run
from bench.analysis.stats import Verdict
from bench.contract.alike import Kind
from bench.contract.rows import CaseRow
from bench.report import sentences, words
from bench.report.facets import every
from bench.report.model import Table
from bench.report.sections.differences import Difference, differences
from bench.report.words import date, machine
from bench.run.archive import write_whole

JSON = "changes.json"
BASES = {
    Basis.TIME: "time here over time there",
    Basis.RELATIVE: "the same, each over the baseline's of its run",
    Basis.NONE: "not comparable",
}
COUNTED = (Verdict.SLOWER, Verdict.FASTER, Verdict.EQUIVALENT, Verdict.INCONCLUSIVE)


@dataclass(frozen=True)
class Changes:
    """Two runs and what changed between them.

    ``declared`` are outcomes of declared comparisons on another machine, empty
    otherwise: there a ratio may rightly be another one, and only what is said of it counts.
    """

    here: Run
    there: Run
    rows: list[Change]
    faults: list[FaultChange]
    other_machine: list[str]
    declared: list[Outcome]

    @classmethod
    def of(cls, here: Run, there: Run) -> Changes:
        other = other_machine(here.about, there.about)
        declared: list[Outcome] = []
        if other:
            sides = read_side(there.folder), read_side(here.folder)
            if of_kind(sides[0].rows.values(), Kind.DECLARED):
                declared = outcomes(*sides)
        made = changes(here, there), fault_changes(here, there)
        return cls(here, there, *made, other, declared)

    @property
    def differences(self) -> list[Difference]:
        cells = {row.case.cell for row in self.rows}
        cells |= {change.row.case.cell for change in self.faults}
        return differences(self.there.about, self.here.about, sorted(cells))

    @property
    def regressions(self) -> list[str]:
        """What a command that is asked to fails for, empty where there is nothing."""
        return [*self._speed(), *self._declared(), *self._failures()]

    def _speed(self) -> Iterator[str]:
        if self.other_machine:
            return
        for row in self.rows:
            if row.declared and row.verdict == Verdict.SLOWER:
                named, ratio = self.named(row.case), words.number(row.ratio)
                yield f"{named}: {ratio} times, beyond the noise; a declared comparison"

    def _declared(self) -> Iterator[str]:
        for outcome in self.declared:
            if outcome.agreement.result == "disagrees":
                pair = words.over(outcome.published, self.there.about["stacks"])
                case = _case(outcome.published.a)
                yield f"{case}, {pair}: {outcome.agreement.reason}"

    def _failures(self) -> Iterator[str]:
        for change in self.faults:
            if change.broken_now:
                named, fault = self.named(change.row.case), _fault(change)
                yield f"{named} under {fault}: broken, was {change.verdict_there}"

    def named(self, case: CaseRow) -> str:
        return f"{_case(case)}, {words.cell(case, self.here.about['stacks'])}"


def _case(case: CaseRow) -> str:
    if case.fault:
        return f"{words.workload(case.workload)} {words.quantity(case)}"
    return words.measured_case(case)


def _fault(change: FaultChange) -> str:
    return change.row.fault.name.replace("_", " ")


# -- text ------------------------------------------------------------------------------


def _ratio(row: Change) -> str:
    if row.basis == Basis.NONE:
        return words.PASSED_OVER
    ratio = words.number(row.ratio)
    if math.isnan(row.low):
        return f"{ratio}, too few blocks"
    low, high = (words.number(end, row.ratio) for end in (row.low, row.high))
    return f"{ratio} ({low} to {high})"


def _verdict(row: Change) -> str:
    return sentences.short_verdict(row.verdict).split(" (")[0]


def _noise(row: Change) -> str:
    if math.isinf(row.noise):
        return row.noise_from
    return f"{sentences.noise(row.noise)}, {row.noise_from}"


def cases_table(made: Changes) -> Table:
    """Return a row for each case that both runs have: ratio, noise, verdict."""
    rows = [
        [
            words.cell(row.case, made.here.about["stacks"]) + "*" * row.declared,
            f"{words.workload(row.case.workload)} {words.quantity(row.case)}",
            words.case(row.case),
            _ratio(row),
            BASES[row.basis],
            _noise(row),
            _verdict(row),
            "no" if row.same else "yes",
        ]
        for row in made.rows
    ]
    columns = [
        "cell", "measured", "case", "here / there", "of", "noise", "here", "differs",
    ]  # fmt: skip
    caption = f"Cases that {made.there.name} measured too; * marks declared comparisons"
    about = every((row.case for row in made.rows), made.here.about["stacks"])
    return Table(columns, rows, caption, folded=True, facets=about)


def faults_table(made: Changes) -> Table:
    """Return a row for each fault whose verdict is another one."""
    rows = [
        [
            words.cell(change.row.case, made.here.about["stacks"]),
            words.workload(change.row.case.workload),
            _fault(change),
            str(change.verdict_there),
            str(change.row.verdict),
            "worse" if change.worse else "better",
        ]
        for change in made.faults
    ]
    columns = ["cell", "workload", "fault", "there", "here", ""]
    caption = f"Faults that came to something else than in {made.there.name}"
    about = every((change.row.case for change in made.faults), made.here.about["stacks"])
    return Table(columns, rows, caption, facets=about)


def differences_table(made: Changes) -> Table:
    """Return what differs between machines, versions and programs of both runs."""
    rows = [[each.fact, each.here, each.published] for each in made.differences]
    caption = f"What differs from {made.there.name}"
    return Table(["fact", "here", "there"], rows, caption, folded=len(rows) > 12)


def counted(made: Changes) -> str:
    """Return "slower 1, faster 0, ..." over all cases that both runs have."""
    found = Counter(row.verdict for row in made.rows)
    said = ", ".join(f"{sentences.short_verdict(v)} {found[v]}" for v in COUNTED)
    return f"{words.plural(len(made.rows), 'case')} in both runs: {said}"


def basis_said(made: Changes) -> str:
    """Return on what the verdicts rest, for a reader of the table."""
    if made.other_machine:
        return (
            f"Another machine ({', '.join(made.other_machine)} differ): times cannot be "
            "compared. Each program's time is divided by that of the baseline in its own "
            "run. That ratio may differ between machines although nothing became worse."
        )
    if not any(row.basis == Basis.TIME for row in made.rows):
        return (
            "The same machine, but no program is the same in both runs, with the same "
            "harness, libraries and system. It is therefore unknown how much the machine "
            "changed. Each program's time is divided by that of the baseline."
        )
    return (
        "The same machine. A difference counts only if it exceeds the difference of the "
        "programs that did not change."
    )


def lines(made: Changes) -> Iterator[str]:
    """Yield what the command prints."""
    stacks = made.here.about["stacks"]
    rows = [
        (
            f"  {words.cell(row.case, stacks)}{' *' if row.declared else ''}",
            _ratio(row),
            _verdict(row) if row.basis != Basis.NONE else BASES[Basis.NONE],
            _noise(row),
        )
        for row in made.rows
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
    for row, cells in zip(made.rows, rows, strict=True):
        if row.case.name != before:
            before = row.case.name
            yield _case(row.case)
        yield _padded(cells, widths)
    yield ""
    yield f"{counted(made)}; * a declared comparison"
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


def _plain(row: Change) -> dict[str, Any]:
    """Return a row as JSON holds it; a number that does not exist is null."""
    found = {"case": row.case.id, "cell": row.case.cell}
    found |= {name: value for name, value in asdict(row).items() if name != "case"}
    for name, value in found.items():
        if isinstance(value, float) and not math.isfinite(value):
            found[name] = None
    return found


def _plain_fault(change: FaultChange) -> dict[str, Any]:
    return {
        "case": change.row.case.id,
        "cell": change.row.case.cell,
        "fault": change.row.fault.name,
        "verdict": change.row.verdict,
        "verdict_there": change.verdict_there,
        "worse": change.worse,
        "broken_now": change.broken_now,
    }


def write(made: Changes, folder: Path) -> Path:
    """Write changes.json into a folder, and return its path."""
    content = {
        "here": made.here.name,
        "there": made.there.name,
        "other_machine": made.other_machine,
        "regressions": made.regressions,
        "cases": [_plain(row) for row in made.rows],
        "faults": [_plain_fault(change) for change in made.faults],
        "claims": [
            {
                "case": outcome.published.a.name,
                "cells": [outcome.published.a.cell, outcome.published.b.cell],
                "result": outcome.agreement.result,
                "reason": outcome.agreement.reason,
            }
            for outcome in made.declared
        ],
        "differences": [each._asdict() for each in made.differences],
    }
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, allow_nan=False)
    write_whole(folder / JSON, text + "\n")
    return folder / JSON
