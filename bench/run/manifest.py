"""Write run.json, the description of a run, and compare a resumed run with it."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.contract.find import find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS, PROJECT, Case, Cell
from bench.errors import NoMiddleError, ResultsError, UsageError, near
from bench.measure.code.size import read_program
from bench.run.archive import Archive
from bench.run.declared import CLAIMS, MOST, read_declared, with_apart
from bench.run.extension import declaration
from bench.run.machine import describe
from bench.run.plan import Planned, plan
from bench.run.points import Points, at_points, declared_at
from bench.run.profiles import PROFILES, WHOLE
from bench.sites.standing import CLUSTER, NAMESPACES

HARNESS = PROJECT / "bench"
TIMED = ("errors.py", "hosts", "contract", "trial", "faults", "sites", "measure", "run")
"""The rooms and files that a run's values depend on: all below the analysis."""
PARTS = SPEED, FAILURES = "speed", "failures"
"""The two parts of a run: trials without a fault, and trials with one."""
HOSTED = "hosts"
"""The optional entry of run.json with the kind of hosts for trials apart."""
SITES = "sites"
"""The optional entry with facts of these hosts, where each is a machine of its own."""
DELAY = "delay_ms"
"""The optional entry with how long the link between two namespaces holds a packet in each
direction, in milliseconds. Without it, the hosts have virtual cables, or a real network."""
HOSTS_OPTION = "--hosts"
AS_PLANNED = Points()
"""No points of a user's own."""
BUDGET = "budget_minutes"
"""The optional entry of run.json with the longest time to measure, in minutes."""


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
        "twin": case.copy,
        "load": case.load,
        "fault": case.fault,
        "floor": cell.is_floor,
        "blocks": planned.blocks,
    }


def harness_digest() -> str:
    """Return a checksum of the parts of the harness that can change a number."""
    digest = hashlib.sha256()
    sources = (path for path in HARNESS.rglob("*") if path.suffix in (".py", ".c", ".h"))
    for path in sorted(sources):
        if path.relative_to(HARNESS).parts[0] in TIMED:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def without_place(words: Sequence[str]) -> list[str]:
    """Return a command without the place of a cluster: a run is published with it."""
    found = list(words)
    for number, word in enumerate(found):
        option, equals, value = word.partition("=")
        if option == HOSTS_OPTION and equals:
            found[number] = f"{option}={value if value == NAMESPACES else CLUSTER}"
        elif option == HOSTS_OPTION and number + 1 < len(found):
            value = found[number + 1]
            found[number + 1] = value if value == NAMESPACES else CLUSTER
    return found


def about(
    planned: Sequence[Planned], cells: Sequence[Cell], profile: str, seed: int
) -> dict[str, Any]:
    """Return the content of run.json, without the format."""
    stacks = list({cell.stack.name: cell.stack for cell in cells}.values())
    return {
        "profile": profile,
        "seed": seed,
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "command": without_place(sys.argv[1:]),
        "machine": {**describe(stacks), "harness": harness_digest()},
        "stacks": {
            stack.name: {
                "label": stack.label,
                "color": stack.color,
                "requirements": list(stack.requirements),
                "variants": {
                    name: list(variant.requirements)
                    for name, variant in stack.variants.items()
                    if variant.requirements
                },
                "c_libraries": list(stack.c_libraries),
            }
            for stack in stacks
        },
        "cells": {cell.id: safe_digest(cell) for cell in cells},
        CLAIMS: read_declared(),
        "faults": fault_table(planned),
        "cases": [case_table(entry) for entry in planned],
    }


def fault_table(planned: Sequence[Planned]) -> dict[str, dict[str, Any]]:
    """Return the titles of the faults of a plan, by name, in the catalogue's order."""
    names = {entry.case.fault for entry in planned if entry.case.fault}
    if not names:
        return {}
    # Only where one is planned: it loads the harness.
    from bench.faults.all_faults import all_faults

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
    """Raise ResultsError if a resumed run would mix machines or versions of cells."""
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
        cell=replace(cell, loop=row.get("loop", "")),  # runs of an earlier version had none
        quantity=row["quantity"],
        transport=row["transport"],
        size_bytes=row["size_bytes"],
        instances=row["instances"],
        placement=row["placement"],
        copy=row["twin"],
        load=row.get("load", ""),  # nor open loops,
        fault=row.get("fault", ""),  # nor faults
    )
    return Planned(case, row["blocks"])


def planned_again(then: dict[str, Any], cells: Sequence[Cell]) -> list[Planned]:
    """Return the plan of the run that a run.json describes, over the same cells."""
    by_id = {cell.id: cell for cell in cells}
    return [planned_case(row, by_id[row["cell"]]) for row in then["cases"]]


@dataclass(frozen=True)
class Begun:
    """A run that can start: its archive, its plan, and its seed."""

    archive: Archive
    planned: list[Planned]
    seed: int

    @property
    def about(self) -> Mapping[str, Any]:
        """The content of run.json."""
        return self.archive.about()

    @property
    def cells(self) -> list[Cell]:
        """The programs of the plan, each once."""
        return list(
            {entry.case.cell.timed_id: entry.case.cell for entry in self.planned}.values()
        )

    @property
    def roots(self) -> list[Path]:
        """The further implementations roots of its programs."""
        return [Path(root) for root in self.about["roots"]]


def begin(
    folder: Path,
    profile: str,
    cells: Sequence[Cell],
    seed: int,
    blocks: int | None,
    more: Sequence[Path],
    budget_minutes: float | None = None,
    part: str | None = None,
    points: Points = AS_PLANNED,
    hosts: str | None = None,
    **facts: Any,
) -> Begun:
    """Make the folder of a new run. ``more`` are the further implementations roots.

    ``facts`` are further entries of run.json. ``part``, one of PARTS, limits the run to
    trials of speed or to trials with a fault. ``points`` are sizes and numbers of peers in
    place of the profile's: then the comparisons of these cases are the declared ones.
    ``hosts``, a kind of them (``standing.KINDS``), has latencies measured apart too.
    Raises UsageError for an unknown profile, for one without a case of these cells, and for
    a point that no trial can have.
    """
    if profile not in PROFILES:
        raise UsageError(
            f"no profile {profile!r}: choose {', '.join(PROFILES)}{near(profile, PROFILES)}"
        )
    planned = plan(PROFILES[profile], cells, blocks, apart=bool(hosts))
    planned, declared = at_points(planned, points), read_declared()
    if points:
        declared = declared_at(planned, declared)
    if hosts:
        declared = with_apart(declared)[:MOST]
        facts[HOSTED] = hosts
    if points or hosts:
        facts[CLAIMS] = declared
    if part:
        planned = [p for p in planned if bool(p.case.fault) == (part == FAILURES)]
    if not planned:
        raise UsageError(
            f"profile {profile} has no case of these programs; choose others with --only, "
            "or another --profile"
        )
    every = plan(PROFILES[profile], find_cells([IMPLEMENTATIONS, FLOOR]))
    whole = profile in WHOLE and planned == every and budget_minutes is None
    if budget_minutes:
        facts[BUDGET] = budget_minutes
    if not (blocks or budget_minutes or part == FAILURES or points):  # it may take longer
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
    """Make the folder of a new run of any plan; ``profile`` is its name in run.json.

    ``facts`` are entries of run.json that are added or replaced. Raises ResultsError if the
    folder cannot be made.
    """
    roots = [str(root.resolve()) for root in more]
    said = {**about(planned, cells, profile, seed), "roots": roots, **facts}
    return Begun(Archive.create(folder, said), planned, seed)


def resume(folder: Path, roots: Sequence[Path], more: Sequence[Path]) -> Begun:
    """Open an unfinished run. ``more`` replaces the further roots it began with.

    Raises ResultsError if the machine, the versions or a cell have changed.
    """
    archive = Archive.resume(folder)
    then = archive.about()
    further = more or [Path(root) for root in then["roots"]]
    cells = find_cells([*roots, *further])
    refuse_if_changed(archive, [cell for cell in cells if cell.id in then["cells"]])
    return Begun(archive, planned_again(then, cells), then["seed"])
