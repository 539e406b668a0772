"""Two runs on a terminal, as JSON, and as the page REPRODUCTION.md."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.analysis.compared_rows import Change, Comparison
from bench.analysis.recovery_rows import FaultChange
from bench.analysis.side import Side
from bench.analysis.two_runs import Outcome, TwoRuns, counts
from bench.report import words
from bench.report.model import Table
from bench.report.numbers.numbers import comparison_identifier
from bench.report.pages import page
from bench.report.sections.two_runs import (
    basis_said,
    cases_counted,
    cases_table,
    declared_counted,
    declared_table,
    differences_table,
    differing,
    faults_table,
    regressions,
)
from bench.report.words import date, machine
from bench.run.archive import write_whole

CHANGES, REPRODUCTION = "changes.json", "reproduction.json"
PAGE = "REPRODUCTION.md"


def _declared(two: TwoRuns) -> Table:
    found = [outcome.there for outcome in two.declared]
    others = [(two.here.name, two.declared)]
    return declared_table(found, two.there.name, others, two.there.about["stacks"])


def notes(two: TwoRuns) -> list[str]:
    """Return the facts about both runs that a reader needs before the results."""
    return [f"{which}: {_described(side)}" for which, side in _sides(two)]


def _sides(two: TwoRuns) -> tuple[tuple[str, Side], tuple[str, Side]]:
    return ("there", two.there), ("here", two.here)


def _described(side: Side) -> str:
    grade = f"grade {side.grade.letter}: {' '.join(side.grade.reasons)}"
    return f"{side.name}, {date(side.about)}, {machine(side.about)}; {grade}"


def caution(two: TwoRuns) -> list[str]:
    """Return where to read of changes in the harness, where it is not the same."""
    if any(each.fact == "harness" for each in differing(two)):
        return ["The harness is not the same: read CHANGELOG.md, under Method."]
    return []


# -- on a terminal ---------------------------------------------------------------------


def changed_lines(two: TwoRuns) -> Iterator[str]:
    """Yield the output of ``compare``."""
    yield from [*notes(two), basis_said(two), *caution(two), ""]
    yield from _aligned(cases_table(two))
    yield from ["", f"{cases_counted(two)}; * a declared comparison"]
    if two.declared:
        yield declared_counted(two.declared)
    for table in (faults_table(two), differences_table(two)):
        if table.rows:
            yield from ["", f"{table.caption}:", *_aligned(table)]
    worse = regressions(two)
    yield from (f"REGRESSION  {said}" for said in worse)
    if not worse:
        yield "no regression"


def reproduced_lines(two: TwoRuns) -> Iterator[str]:
    """Yield the output of ``reproduce``."""
    yield from [*notes(two), *caution(two), "", *_aligned(_declared(two))]
    yield from ["", declared_counted(two.declared)]
    differ = differences_table(two)
    if differ.rows:
        yield from ["", f"{differ.caption}:", *_aligned(differ)]


def _aligned(table: Table) -> Iterator[str]:
    """Yield a table in columns; rows of one case stand below a line with its name."""
    grouped = table.columns[0] == "case"
    rows = [table.columns, *table.rows]
    shown = [row[1:] if grouped else row for row in rows]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    before = table.columns[0]
    for row, cells in zip(rows, shown, strict=True):
        if grouped and row[0] != before:
            before = row[0]
            yield before
        yield f"  {_padded(cells, widths)}"


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (text.ljust(width) for text, width in zip(cells, widths, strict=True))
    return "  ".join(padded).rstrip()


# -- as files --------------------------------------------------------------------------


def write_json(two: TwoRuns, path: Path) -> Path:
    """Write the entries of two runs, and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, json.dumps(entries(two), indent=1, allow_nan=False) + "\n")
    return path


def write_reproduction(two: TwoRuns, folder: Path) -> Path:
    """Write a page and its entries into a folder, and return the path of the page."""
    write_json(two, folder / REPRODUCTION)
    parts = {
        "name": two.there.name,
        "summary": declared_counted(two.declared),
        "notes": [*notes(two), *caution(two)],
        "declared": _declared(two),
        "differences": differences_table(two),
    }
    write_whole(folder / PAGE, page.markdown(parts, PAGE))
    return folder / PAGE


def entries(two: TwoRuns) -> dict[str, Any]:
    """Return everything as JSON holds it; a number that does not exist is null."""
    stacks = two.there.about["stacks"]
    return {
        **{which: _side_entry(side) for which, side in _sides(two)},
        "other_machine": two.other_machine,
        "regressions": regressions(two),
        "counts": counts(two.declared),
        "declared": [_outcome_entry(outcome, stacks) for outcome in two.declared],
        "cases": [_case_entry(row) for row in two.cases],
        "faults": [_fault_entry(change) for change in two.faults],
        "differences": [each._asdict() for each in differing(two)],
    }


def _side_entry(side: Side) -> dict[str, Any]:
    return {
        "run": side.name,
        "date": date(side.about),
        "machine": machine(side.about),
        "grade": side.grade.letter,
        "grade_reasons": list(side.grade.reasons),
    }


def _outcome_entry(outcome: Outcome, stacks: words.Stacks) -> dict[str, Any]:
    pair, found = outcome.there, outcome.agreement
    return {
        "id": comparison_identifier(pair),
        "comparison": f"{words.measured_case(pair.a)}: {words.over(pair, stacks)}",
        "there": _comparison_entry(pair),
        "here": _comparison_entry(outcome.here) if outcome.here else None,
        "result": found.result,
        "reason": found.reason,
        "intervals_overlap": found.overlap,
    }


def _comparison_entry(pair: Comparison) -> dict[str, Any]:
    times = pair.times
    names = ("ratio", "low", "high", "confidence", "blocks_done")
    numbers = {name: getattr(times, name) for name in names}
    return _plain({**numbers, "check": pair.check, "verdict": pair.verdict})


def _case_entry(row: Change) -> dict[str, Any]:
    known = asdict(row) | {"case": row.case.id}
    return _plain({"cell": row.case.cell, **known})


def _fault_entry(change: FaultChange) -> dict[str, Any]:
    return {
        "case": change.row.case.id,
        "cell": change.row.case.cell,
        "fault": change.row.fault.name,
        "verdict": change.row.verdict,
        "verdict_there": change.verdict_there,
        "worse": change.worse,
        "broken_now": change.broken_now,
    }


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry as JSON holds it: a number that does not exist is null."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in entry.items()
    }
