"""The run that a reproduction makes: the cases that a published run's claims rest on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.archive import SUMS, Archive, sha256
from bench.comparisons import SAME_NOISE
from bench.contract import Cell
from bench.errors import ResultsError
from bench.manifest import Begun, begin_plan, planned_case
from bench.manifest import resume as resume_run
from bench.measure import QUANTITIES
from bench.plan import Planned
from bench.reproduce import LEFT_OUT, REPRODUCES, Side, claims_made

Rows = list[Mapping[str, Any]]
"""Cases, as ``manifest.case_table`` writes them."""


def needed_cases(cases: Rows, claims: Rows) -> Rows:
    """Return the cases on which claims rest: their cells, and the noise they must exceed.

    ``claims`` are rows of ``comparisons``. A claim without a twin of its own had to clear
    the widest of the run, so that it needs all of them. A ``common`` load is a share of
    what the slowest cell of a case can do, so that every cell of such a case is needed.
    """
    ids = {claim[f"case_{side}"] for claim in claims for side in "ab"}
    common = {claim["name"] for claim in claims if claim["load"].startswith("common")}
    twins = [case for case in cases if case["twin"]]
    for claim in claims:
        own = [twin for twin in twins if all(twin[k] == claim[k] for k in SAME_NOISE)]
        for twin in own or twins:
            original = twin["name"].removesuffix(f".twin{twin['twin']}")
            ids |= {twin["case"], f"{original}.{twin['key']}"}
    return [case for case in cases if case["case"] in ids or case["name"] in common]


def plan_again(
    cases: Rows, cells: Sequence[Cell], blocks: int | None = None
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
            left_out[row["case"]] = "there is no such cell here" if cell is None else reason
        else:
            entry = planned_case(row, cell)
            planned.append(replace(entry, blocks=blocks or entry.blocks))
    return planned, left_out


def _obstacle(row: Mapping[str, Any], cell: Cell) -> str:
    """Return why a cell cannot run the case of a row any more, '' if it can."""
    promise = cell.variant.fan_out if cell.workload.name == "fan_out" else None
    if row["transport"] not in cell.transports:
        return f"the cell here has no transport {row['transport']}"
    if row["fan_out_mode"] != promise:
        return f"the cell here is {promise}, the published one is {row['fan_out_mode']}"
    if row["quantity"] not in QUANTITIES:
        return f"this version measures no {row['quantity']}"
    return ""


def _origin(published: Side) -> dict[str, str]:
    """Return what tells a finished run from all others."""
    return {"run": published.name, "sums": sha256(published.folder / SUMS)}


def begin(
    folder: Path,
    published: Side,
    cells: Sequence[Cell],
    seed: int,
    blocks: int | None,
    more: Sequence[Path],
) -> Begun:
    """Make the folder of a reproduction of a run's claims. Parameters as of ``manifest``.

    Raises UsageError for a run without a claim, ResultsError where the folder cannot be
    made.
    """
    claims = claims_made(published)
    needed = needed_cases(published.about["cases"], claims)
    planned, left_out = plan_again(needed, cells, blocks)
    used = {entry.case.cell.id for entry in planned}
    return begin_plan(
        folder,
        "reproduction",
        planned,
        [cell for cell in cells if cell.id in used],
        seed,
        more,
        whole=False,
        claims=[[claim["name"], claim["key_a"], claim["key_b"]] for claim in claims],
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
        f"{folder} is no reproduction of {published.name}, but of "
        f"{origin.get('run', 'no run')}: name the run that it began with"
    )
