"""What run.json says of a run, and how a resumed run is held to it."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.archive import Archive
from bench.claims import read_claims
from bench.claims.files import ledger_digest
from bench.contract import FLOOR, IMPLEMENTATIONS, PROJECT, Case, Cell
from bench.errors import NoMiddleError, ResultsError, UsageError
from bench.extension import declaration
from bench.find import find_cells
from bench.machine import describe
from bench.measure.size import read_program
from bench.plan import Planned, plan
from bench.profiles import PROFILES
from bench.suggest import near

HARNESS = PROJECT / "bench"
UNTIMED = ("charts", "embedding", "languages", "report", "talk")
"""What of it no number of a run comes from."""
PARTS = SPEED, FAILURES = "speed", "failures"
"""The two parts of a run: trials in which nothing fails, and trials with a fault."""
BUDGET = "budget_minutes"
"""The entry of run.json that says how long measuring may take, where that was given."""


def cell_digest(cell: Cell) -> str:
    """Return a checksum of a cell's file and of the local modules it imports."""
    digest = hashlib.sha256()
    for path in read_program(cell.path, cell.search).files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def case_table(planned: Planned) -> dict[str, Any]:
    """Return a case as one row, as the archive and the tables keep it."""
    case, cell = planned.case, planned.case.cell
    return {
        "case": case.id,
        "name": case.name,
        **cell.as_row(),
        "quantity": case.quantity,
        "transport": case.transport,
        "size_bytes": case.size_bytes,
        "instances": case.instances,
        "placement": case.placement,
        "twin": case.twin,
        "load": case.load,
        "fault": case.fault,
        "floor": cell.is_floor,
        "blocks": planned.blocks,
    }


def harness_digest() -> str:
    """Return a checksum of all of the harness that can move a number."""
    digest = hashlib.sha256()
    sources = (path for path in HARNESS.rglob("*") if path.suffix in (".py", ".c", ".h"))
    for path in sorted(sources):
        if path.relative_to(HARNESS).parts[0] not in UNTIMED:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def about(
    planned: Sequence[Planned], cells: Sequence[Cell], profile: str, seed: int
) -> dict[str, Any]:
    """Return what run.json says, but for the format."""
    stacks = list({cell.stack.name: cell.stack for cell in cells}.values())
    return {
        "profile": profile,
        "seed": seed,
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": sys.argv[1:],
        "machine": {**describe(stacks), "harness": harness_digest()},
        "stacks": {
            stack.name: {
                "label": stack.label,
                "color": stack.color,
                "requirements": list(stack.requirements),
                "c_libraries": list(stack.c_libraries),
            }
            for stack in stacks
        },
        "cells": {cell.id: safe_digest(cell) for cell in cells},
        "claims": read_claims(),
        "ledger": ledger_digest(),
        "faults": fault_table(planned),
        "cases": [case_table(entry) for entry in planned],
    }


def fault_table(planned: Sequence[Planned]) -> dict[str, dict[str, Any]]:
    """Return what the faults of a plan are called, by name, in the catalogue's order."""
    names = {entry.case.fault for entry in planned if entry.case.fault}
    if not names:
        return {}
    from bench.faults import all_faults  # only where one is planned: it loads the harness

    return {
        name: {"number": fault.number, "title": fault.title, "hopeless": fault.hopeless}
        for name, fault in all_faults().items()
        if name in names
    }


def safe_digest(cell: Cell) -> str | None:
    """Return the cell's checksum, None for one that cannot even be parsed."""
    try:
        return cell_digest(cell)
    except NoMiddleError:
        return None


def refuse_if_changed(archive: Archive, cells: Sequence[Cell]) -> None:
    """Raise ResultsError when a resumed run would mix machines or versions of cells."""
    then = archive.about()
    now = describe([cell.stack for cell in cells])
    now["harness"] = harness_digest()
    for key in ("host", "cpu", "cpus", "kernel", "versions", "harness"):
        if then["machine"][key] != now[key]:
            raise ResultsError(
                f"the run began with {key} {then['machine'][key]}, here it is {now[key]}: "
                "start a new run"
            )
    by_id = {cell.id: cell for cell in cells}
    for cell_id, digest in then["cells"].items():
        if cell_id not in by_id or safe_digest(by_id[cell_id]) != digest:
            raise ResultsError(
                f"{cell_id} has changed since the run began: start a new run"
            )


def planned_case(row: Mapping[str, Any], cell: Cell) -> Planned:
    """Return the case of a row of ``case_table``, with this cell."""
    case = Case(
        cell=cell,
        quantity=row["quantity"],
        transport=row["transport"],
        size_bytes=row["size_bytes"],
        instances=row["instances"],
        placement=row["placement"],
        twin=row["twin"],
        load=row.get("load", ""),  # runs of an earlier version had none,
        fault=row.get("fault", ""),  # nor faults
    )
    return Planned(case, row["blocks"])


def planned_again(then: dict[str, Any], cells: Sequence[Cell]) -> list[Planned]:
    """Return the plan of the run that a run.json describes, over the same cells."""
    by_id = {cell.id: cell for cell in cells}
    return [planned_case(row, by_id[row["cell"]]) for row in then["cases"]]


@dataclass(frozen=True)
class Begun:
    """A run that is to be carried out: where it is kept, what it measures, its seed."""

    archive: Archive
    planned: list[Planned]
    seed: int


def begin(
    folder: Path,
    profile: str,
    cells: Sequence[Cell],
    seed: int,
    blocks: int | None,
    more: Sequence[Path],
    budget_minutes: float | None = None,
    part: str | None = None,
) -> Begun:
    """Make the folder of a new run. ``more`` are the further implementations roots.

    ``part``, one of PARTS, has only those trials made: of speed, or with a fault.
    Raises UsageError for an unknown profile, or one without a case of these cells.
    """
    if profile not in PROFILES:
        raise UsageError(
            f"no profile {profile!r}: choose {', '.join(PROFILES)}{near(profile, PROFILES)}"
        )
    planned = plan(PROFILES[profile], cells, blocks)
    if part:
        planned = [p for p in planned if bool(p.case.fault) == (part == FAILURES)]
    if not planned:
        raise UsageError(f"profile {profile} has no case of these cells")
    every = plan(PROFILES[profile], find_cells([IMPLEMENTATIONS, FLOOR]))
    whole = profile != "quick" and planned == every and budget_minutes is None
    facts: dict[str, Any] = {BUDGET: budget_minutes} if budget_minutes else {}
    if not (blocks or budget_minutes or part == FAILURES):  # it may take longer then
        facts |= declaration(profile)
    return begin_plan(folder, profile, planned, cells, seed, more, whole=whole, **facts)


def begin_plan(
    folder: Path,
    profile: str,
    planned: list[Planned],
    cells: Sequence[Cell],
    seed: int,
    more: Sequence[Path],
    **facts: Any,
) -> Begun:
    """Make the folder of a new run of any plan, which run.json calls ``profile``.

    ``facts`` are what else run.json says, or says instead. Raises ResultsError where the
    folder cannot be made.
    """
    roots = [str(root.resolve()) for root in more]
    said = {**about(planned, cells, profile, seed), "roots": roots, **facts}
    return Begun(Archive.create(folder, said), planned, seed)


def resume(folder: Path, roots: Sequence[Path], more: Sequence[Path]) -> Begun:
    """Open an unfinished run. ``more`` replaces the further roots it began with.

    Raises ResultsError where the machine, the versions or a cell are not the same.
    """
    archive = Archive.resume(folder)
    then = archive.about()
    further = more or [Path(root) for root in then["roots"]]
    cells = find_cells([*roots, *further])
    refuse_if_changed(archive, [cell for cell in cells if cell.id in then["cells"]])
    return Begun(archive, planned_again(then, cells), then["seed"])
