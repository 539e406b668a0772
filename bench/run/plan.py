"""Plans: the groups of a profile and the cells become cases with numbers of blocks.

A group is a set of cells, by glob, with the parameters of their cases. Cells are found from
their paths. So a new stack with the usual names of variants joins the groups without a line
here.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import product

from bench.contract.find import crowd_of
from bench.contract.model import APART, Case, Cell
from bench.contract.rows import RECOVERY, CaseRow, case_named

SMALL_BYTES = 64
INSTANCES = {"request_reply": 1, "fan_out": 4, "pipeline": 2}
BOTH = ("split", "shared")
SPEEDS = ("latency", "throughput")
APART_FROM = "split"
"""Cases in this placement are measured apart as well, where a run has several hosts."""
BLOCKS_MIN = 8
"""Fewer blocks have no interval: with 6, it would be the smallest value to the largest."""

SURVIVORS = ("*/resilient/*", "*/reconnecting/*", "*/heartbeats/*", "*/proxied/*")
"""Fault-tolerant cells: only groups that ask for them have them."""
IN_PYTHON = ("*.py",)
IN_C = "*.c"
"""C ports: only groups that ask for them have them."""


@dataclass(frozen=True)
class Group:
    """Cells by glob, and the parameters with which each of them becomes cases.

    ``leaving_out`` has globs of cells to leave out. ``lossy`` keeps only programs that may
    lose messages (True) or that may not (False), and ``batched`` only programs that batch
    or do not. ``loop`` is their event loop, see ``contract.LOOPS``. ``transport`` None is
    each variant's default; a cell without the named transport is left out.
    """

    cells: tuple[str, ...]
    quantities: tuple[str, ...] = SPEEDS
    placements: tuple[str, ...] = BOTH
    size_bytes: int = SMALL_BYTES
    transport: str | None = None
    lossy: bool | None = None
    batched: bool | None = None
    instances: int | None = None
    copy: int = 0
    loop: str = ""
    loads: tuple[str, ...] = ("",)
    leaving_out: tuple[str, ...] = (*SURVIVORS, IN_C)
    faults: tuple[str, ...] = ()
    """Globs of faults, for recovery. Each fault sets its size and instances."""
    but: tuple[str, ...] = ()
    """Globs of faults to leave out."""
    blocks: int = BLOCKS_MIN
    tool: str | None = None
    """A program without which the group is left out; pip cannot install it."""
    crowded: bool = False
    """Whether only programs whose wire a crowd speaks are in the group."""
    floor: bool = False
    """Whether the group is of the null stack, which is in no other group."""


@dataclass(frozen=True)
class Profile:
    name: str
    summary: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Planned:
    case: Case
    blocks: int


def _failures(cell: Cell, group: Group) -> Iterator[Planned]:
    """Yield a case of recovery for each of the group's faults that applies to the cell."""
    # Only where one is planned: it loads the harness.
    from bench.faults.all_faults import all_faults

    if cell.language != "python":
        return  # its host has neither a supervisor nor a ledger
    for fault in all_faults().values():
        asked = fault.name not in group.but and any(
            fnmatch(fault.name, pattern) for pattern in group.faults
        )
        transport = fault.transport or cell.transports[0]
        can_meet = cell.workload.name in fault.workloads and (
            fault.variant in (None, cell.variant.name)
        )
        if asked and can_meet and transport in cell.transports:
            case = Case(
                cell=cell,
                quantity=RECOVERY,
                transport=transport,
                size_bytes=fault.setup.size_bytes,
                instances=fault.setup.instances,
                placement="free",
                fault=fault.name,
            )
            yield Planned(case, group.blocks)


def goes_apart(case: CaseRow) -> bool:
    """Say whether a case is measured apart as well, where a run has several hosts.

    These are round trips, whose two ends one clock stamps, and other latencies. Streams at
    full speed are not: in their windows processes are asked how much has arrived. Faults
    are those of processes, and cuts of the link.
    """
    if case.fault:
        from bench.faults.across import ACROSS  # only where one is planned, as above

        return case.fault in ACROSS and case.transport == "tcp"
    if (case.placement, case.transport, case.load) != (APART_FROM, "tcp", ""):
        return False
    at_speed = (case.workload, case.quantity) == ("request_reply", "throughput")
    return at_speed or case.quantity == "latency"


def _group_cases(group: Group, cells: Sequence[Cell]) -> Iterator[Planned]:
    if group.tool and not shutil.which(group.tool):
        return
    for cell in cells:
        if cell.is_floor != group.floor:
            continue
        if not any(fnmatch(cell.id, pattern) for pattern in group.cells):
            continue
        if any(fnmatch(cell.id, pattern) for pattern in group.leaving_out):
            continue
        batched = "batches" in cell.promise
        if group.lossy not in (None, cell.lossy) or group.batched not in (None, batched):
            continue
        if group.crowded and not crowd_of(cell.variant, cell.workload.name):
            continue
        if group.faults:
            yield from _failures(cell, group)
            continue
        transport = group.transport or cell.transports[0]
        if transport not in cell.transports:
            continue
        instances = group.instances or INSTANCES[cell.workload.name]
        if cell.is_floor:
            instances = 1
        for quantity, placement, load in product(
            group.quantities, group.placements, group.loads
        ):
            case = Case(
                cell=replace(cell, loop=group.loop),
                quantity=quantity,
                transport=transport,
                size_bytes=group.size_bytes,
                instances=instances,
                placement=placement,
                copy=group.copy,
                load=load,
            )
            yield Planned(case, group.blocks)


def _with_apart(entries: Iterable[Planned], apart: bool) -> Iterator[Planned]:
    for entry in entries:
        yield entry
        if apart and goes_apart(case_named(entry.case.name)):
            yield replace(entry, case=replace(entry.case, placement=APART))


def plan(
    profile: Profile, cells: Sequence[Cell], blocks: int | None = None, apart: bool = False
) -> list[Planned]:
    """Return the cases of a profile over the given cells, each once, in a stable order.

    ``blocks`` replaces the profile's numbers of blocks. ``apart`` adds the cases that go
    apart, on several hosts. If two groups ask for the same case, the greater number of
    blocks counts.
    """
    asked = (
        entry
        for group in profile.groups
        for entry in _with_apart(_group_cases(group, cells), apart)
    )
    return [Planned(entry.case, blocks or entry.blocks) for entry in once(asked)]


def once(entries: Iterable[Planned]) -> list[Planned]:
    """Return each case once, where it came first, with its greatest number of blocks."""
    planned: dict[str, Planned] = {}
    for entry in entries:
        known = planned.get(entry.case.id)
        if known is None or known.blocks < entry.blocks:
            planned[entry.case.id] = entry
    return list(planned.values())
