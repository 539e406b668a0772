"""The run that a reproduction makes: the cases of a published run's comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.analysis.compared_rows import Comparison
from bench.analysis.copies import same_case
from bench.analysis.side import LEFT_OUT, REPRODUCES, Side
from bench.contract.alike import promises_still
from bench.contract.model import Cell
from bench.contract.rows import case_row, promise_of
from bench.errors import ResultsError, UsageError
from bench.measure.quantities import QUANTITIES
from bench.run.archive import SUMS, Archive, sha256
from bench.run.declared import CLAIMS
from bench.run.manifest import HOSTED, Begun, begin_plan, planned_case
from bench.run.manifest import resume as resume_run
from bench.run.plan import Planned

Kept = list[Mapping[str, Any]]
"""Cases, as ``manifest.case_table`` writes them."""


def needed_cases(cases: Kept, declared: Sequence[Comparison]) -> Kept:
    """Return the cases of declared comparisons, and the A/A copies that check them.

    A ``common`` load is a share of what the slowest cell of a case can do, so that every
    cell of such a case is needed.
    """
    ids = {case.id for pair in declared for case in (pair.a, pair.b)}
    common = {pair.a.name for pair in declared if pair.a.load.startswith("common")}
    copies = [copy for copy in map(case_row, cases) if copy.copy]
    for pair in declared:
        for copy in copies:
            if same_case(copy) == same_case(pair.a):
                ids |= {copy.id, copy.original_id}
    return [case for case in cases if case["case"] in ids or case["name"] in common]


def plan_again(
    cases: Kept, cells: Sequence[Cell], blocks: int | None = None
) -> tuple[list[Planned], dict[str, str]]:
    """Return the plan of these cases over the cells that are here, and what is left out.

    ``blocks`` replaces the published numbers. Cases are left out by id, each with the
    reason for which it cannot be planned.
    """
    by_id = {cell.id: cell for cell in cells}
    planned: list[Planned] = []
    left_out: dict[str, str] = {}
    for row in cases:
        cell = by_id.get(row["cell"])
        if cell is None or (reason := _obstacle(row, cell)):
            left_out[row["case"]] = (
                "there is no such program here" if cell is None else reason
            )
        else:
            entry = planned_case(row, cell)
            planned.append(replace(entry, blocks=blocks or entry.blocks))
    return planned, left_out


def _obstacle(row: Mapping[str, Any], cell: Cell) -> str:
    """Return why a cell cannot run the case of a row any more, '' if it can."""
    if row["transport"] not in cell.transports:
        return f"the program here has no transport {row['transport']}"
    if not promises_still(row, cell):
        there, here = promise_of(row) or "nothing", cell.promise_words or "nothing"
        return f"the program here promises {here}, the published one {there}"
    if row["quantity"] not in QUANTITIES:
        return f"this version measures no {row['quantity']}"
    return ""


def declared_by(published: Side) -> list[Comparison]:
    """Return a run's declared comparisons. Raises UsageError for a run without any."""
    if not published.declared:
        raise UsageError(
            f"{published.name} has no declared comparison to repeat; name a run of all "
            "programs, without --only and --part"
        )
    return published.declared


def cells_again(published: Side, cells: Sequence[Cell]) -> list[Cell]:
    """Return the programs among ``cells`` that a reproduction of a run needs."""
    needed = needed_cases(published.about["cases"], declared_by(published))
    ids = {row["cell"] for row in needed}
    return [cell for cell in cells if cell.id in ids]


def _origin(published: Side) -> dict[str, str]:
    """Return what tells a finished run from all others."""
    return {"run": published.name, "sums": sha256(published.run.folder / SUMS)}


def begin(
    folder: Path,
    published: Side,
    cells: Sequence[Cell],
    seed: int,
    blocks: int | None,
    more: Sequence[Path],
    hosts: str | None = None,
    **facts: Any,
) -> Begun:
    """Make the folder of a reproduction of a run. Parameters as of ``manifest``.

    Raises UsageError for a run that declared none, ResultsError where the folder cannot be
    made.
    """
    declared = declared_by(published)
    needed = needed_cases(published.about["cases"], declared)
    planned, left_out = plan_again(needed, cells, blocks)
    used = {entry.case.cell.id for entry in planned}
    if hosts:
        facts[HOSTED] = hosts
    return begin_plan(
        folder,
        "reproduction",
        planned,
        [cell for cell in cells if cell.id in used],
        seed,
        more,
        whole=False,
        **facts,
        **{CLAIMS: [list(pair.identity) for pair in declared]},
        **{REPRODUCES: {**_origin(published), LEFT_OUT: left_out}},
    )


def resume(
    folder: Path, published: Side, roots: Sequence[Path], more: Sequence[Path]
) -> Begun:
    """Open an unfinished reproduction of a run.

    Raises ResultsError where it is one of another run, and as ``manifest.resume``.
    """
    origin = Archive.resume(folder).about().get(REPRODUCES, {})
    if _origin(published).items() <= origin.items():
        return resume_run(folder, roots, more)
    raise ResultsError(
        f"{folder} reproduces {origin.get('run', 'no run')} and not {published.name}; name "
        f"the run that it began with"
    )
