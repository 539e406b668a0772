"""Profiles: which cases are measured, in how many blocks.

A profile is made of groups; a group is a set of cells, by glob, with the parameters
they are run with. Cells are found from their paths, so a new stack whose variants are
called like the others joins the groups without a line here.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import product

from bench.contract import Case, Cell

SMALL_BYTES = 64
MEDIUM_BYTES = 1024
LARGE_BYTES = 64 * 1024
INSTANCES = {"request_reply": 1, "fan_out": 4, "pipeline": 2}
BOTH = ("split", "shared")
SPLIT = ("split",)
SHARED = ("shared",)
SPEEDS = ("latency", "throughput")
RECOVERY = "recovery"
BLOCKS_MIN = 6
"""Fewer blocks have no 95 % interval at all."""

REQUEST_REPLY = ("*/minimal/request_reply.*",)
PIPELINE = ("*/minimal/pipeline.*",)
FAN_OUT = ("*/minimal/fan_out.*", "*/lossless/fan_out.*")
"""Where ``minimal`` is lossy (ZeroMQ's PUB), ``lossless`` stands in: like with like."""
CLIENTS = "*/*_client/"
"""The other HTTP clients: wherever ``requests`` is measured, so are they."""


SURVIVORS = ("*/resilient/*", "*/reconnecting/*")
"""Cells whose point is what they survive: only groups that ask for them have them."""


@dataclass(frozen=True)
class Group:
    """Cells by glob, and the parameters with which each of them becomes cases.

    ``leaving_out`` is which of them are none. ``mode`` keeps fan-out cells of one promise
    only. ``transport`` None is each variant's default; a cell without the named transport
    is left out.
    """

    cells: tuple[str, ...]
    quantities: tuple[str, ...] = SPEEDS
    placements: tuple[str, ...] = BOTH
    size_bytes: int = SMALL_BYTES
    transport: str | None = None
    mode: str | None = None
    instances: int | None = None
    twin: int = 0
    loads: tuple[str, ...] = ("",)
    leaving_out: tuple[str, ...] = SURVIVORS
    faults: tuple[str, ...] = ()
    """Of recovery: which faults, by glob; size and instances are theirs."""
    blocks: int = BLOCKS_MIN
    tool: str | None = None
    """A program without which the group is left out: it is not Python's to install."""
    floor: bool = False
    """Whether the group is of the null stack, which joins no other."""


@dataclass(frozen=True)
class Profile:
    name: str
    summary: str
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Planned:
    case: Case
    blocks: int


def _with_clients(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return globs of the same workloads' cells, with the other HTTP clients'."""
    workloads = {pattern.rsplit("/", 1)[1] for pattern in cells}
    return (*cells, *(CLIENTS + workload for workload in sorted(workloads)))


def _headline(blocks: int) -> tuple[Group, ...]:
    """The claims: one quantity of each workload, in both placements."""
    return (
        Group(REQUEST_REPLY, ("latency",), blocks=blocks),
        Group(FAN_OUT, ("throughput",), mode="lossless", blocks=blocks),
        Group(PIPELINE, ("throughput",), blocks=blocks),
    )


def _twins(blocks: int) -> tuple[Group, ...]:
    """An A/A pair for each claim's workload and placement: the run's own noise floor."""
    return (
        Group(("zmq/minimal/request_reply.*",), ("latency",), twin=1, blocks=blocks),
        Group(("zmq/lossless/fan_out.*",), ("throughput",), twin=1, blocks=blocks),
        Group(("zmq/minimal/pipeline.*",), ("throughput",), twin=1, blocks=blocks),
    )


NULL = Group(("*",), placements=SHARED, floor=True)
NULL_LARGE = (
    Group(("*/request_reply.*",), ("latency",), SHARED, LARGE_BYTES, floor=True),
    Group(("*/fan_out.*",), ("throughput",), SHARED, LARGE_BYTES, floor=True),
)
CLIENTS_OF_CLAIMS = (
    Group((CLIENTS + "request_reply.*",), ("latency",)),
    Group((CLIENTS + "pipeline.*", CLIENTS + "fan_out.*"), ("throughput",)),
)
ALTERNATIVES = (
    Group(("*/buffered/*",), ("throughput",), blocks=10),
    Group(("*/websocket/*",), ("throughput",)),
    Group(("*/*/fan_out.*",), ("throughput",), SHARED, mode="lossy"),
)
OTHER_QUANTITIES = (
    Group(_with_clients(REQUEST_REPLY), ("throughput",), SHARED),
    Group(
        (*_with_clients(FAN_OUT), "*/buffered/fan_out.*"),
        ("latency",),
        SPLIT,
        mode="lossless",
    ),
    Group((*_with_clients(PIPELINE), "*/buffered/pipeline.*"), ("latency",), SPLIT),
)
LARGE = (
    Group(_with_clients(REQUEST_REPLY), ("latency",), SHARED, LARGE_BYTES),
    Group(_with_clients(FAN_OUT), ("throughput",), SHARED, LARGE_BYTES, mode="lossless"),
)
LARGE_PIPELINE = (
    Group(_with_clients(PIPELINE), ("throughput",), SHARED, LARGE_BYTES),
    Group(("*/pipeline.*",), ("throughput",), SHARED, LARGE_BYTES, floor=True),
)
OTHER_TRANSPORTS = (
    Group(REQUEST_REPLY, ("latency",), SHARED, transport="ipc"),
    Group(REQUEST_REPLY, ("latency",), SHARED, transport="inproc"),
    Group(FAN_OUT, ("throughput",), SHARED, transport="ipc", mode="lossless"),
    Group(FAN_OUT, ("throughput",), SHARED, transport="inproc", mode="lossless"),
    Group(PIPELINE, ("throughput",), SHARED, transport="ipc"),
)
LOADS = ("common_50", "own_70")
RESPONSE = ("response",)
OPEN_LOOP = (Group(_with_clients(REQUEST_REPLY), RESPONSE, SPLIT, loads=LOADS),)
STREAMS = (
    (*_with_clients(FAN_OUT), "*/buffered/fan_out.*", "*/websocket/fan_out.*"),
    (*_with_clients(PIPELINE), "*/buffered/pipeline.*", "*/websocket/pipeline.*"),
)
OPEN_LOOP_OF_STREAMS = tuple(
    Group(cells, RESPONSE, SPLIT, mode="lossless", loads=LOADS) for cells in STREAMS
)
LOAD_CURVE = Group(
    _with_clients(REQUEST_REPLY),
    RESPONSE,
    SPLIT,
    loads=("own_10", "own_30", "own_50", "own_90"),
)
"""With ``own_70`` of ``OPEN_LOOP``."""
WRK = Group(("http/minimal/request_reply.*",), ("wrk",), BOTH, tool="wrk")
ZERO_LOSS = Group(("*/*/fan_out.*",), ("zero_loss",), SPLIT, mode="lossy")
TIERS = ("*/minimal/", "*/resilient/")
"""What failures are put to: library defaults, and equal guarantees."""


def _recovery(
    faults: tuple[str, ...],
    blocks: int,
    *more: str,
    workloads: tuple[str, ...] = tuple(INSTANCES),
) -> tuple[Group, ...]:
    """Put both tiers to these faults, each cell to those that it can meet."""
    cells = [f"{tier}{workload}.*" for tier in TIERS for workload in workloads]
    return (Group((*cells, *more), faults=faults, blocks=blocks, leaving_out=()),)


QUICK_RECOVERY = (
    *_recovery(("server_killed_busy",), 3, "*/reconnecting/request_reply.*"),
    *_recovery(("server_killed",), 3, workloads=("fan_out", "pipeline")),
    *_recovery(("link_cut_1s",), 3, workloads=("request_reply",)),
)
STANDARD_RECOVERY = (
    *_recovery(
        ("server_killed_busy", "application_hung"), 5, "*/reconnecting/request_reply.*"
    ),
    *_recovery(("server_killed",), 5, workloads=("fan_out", "pipeline")),
    *_recovery(("server_frozen",), 5, workloads=("request_reply",)),
    *_recovery(
        (
            "worker_killed",
            "link_cut_4s",
            "link_reset",
            "subscriber_stalled",
            "worker_slow",
        ),
        5,
    ),
)
FULL_RECOVERY = _recovery(("*",), 10, "*/reconnecting/request_reply.*")

STANDARD = (
    *_headline(10),
    *_twins(10),
    *CLIENTS_OF_CLAIMS,
    *ALTERNATIVES,
    *OTHER_QUANTITIES,
    *LARGE,
    *OTHER_TRANSPORTS,
    *OPEN_LOOP,
    NULL,
    *NULL_LARGE,
    *STANDARD_RECOVERY,
)

PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "quick",
            "screening only: every cell once, six blocks, one claim at most",
            (
                Group(("*/*/request_reply.*",), ("latency",), SHARED),
                Group(("*/*/pipeline.*",), ("throughput",), SHARED),
                # Two subscribers instead of four: half of the hosts to start.
                Group(("*/*/fan_out.*",), ("throughput",), SHARED, instances=2),
                Group(("zmq/minimal/request_reply.*",), ("latency",), SHARED, twin=1),
                Group(("*/request_reply.*",), ("latency",), SHARED, floor=True),
                Group(
                    ("*/pipeline.*", "*/fan_out.*"),
                    ("throughput",),
                    SHARED,
                    floor=True,
                ),
                *QUICK_RECOVERY,
            ),
        ),
        Profile(
            "standard",
            "what `make bench` runs: the claims in ten blocks, the rest in six",
            STANDARD,
        ),
        Profile(
            "full",
            "standard, and 1 KiB, free placement, several clients, the other quantities",
            (
                *STANDARD,
                *OPEN_LOOP_OF_STREAMS,
                LOAD_CURVE,
                ZERO_LOSS,
                WRK,
                *LARGE_PIPELINE,
                Group(("*/*/fan_out.*", "*/*/pipeline.*"), mode="lossless", blocks=10),
                Group(("*/*/fan_out.*",), mode="lossy"),
                Group(_with_clients(REQUEST_REPLY), ("latency",), ("free",), blocks=10),
                Group(
                    _with_clients(REQUEST_REPLY),
                    ("latency",),
                    SHARED,
                    MEDIUM_BYTES,
                    blocks=10,
                ),
                Group(
                    _with_clients(REQUEST_REPLY), ("throughput",), instances=4, blocks=10
                ),
                *FULL_RECOVERY,
            ),
        ),
    )
}


def _failures(cell: Cell, group: Group) -> Iterator[Planned]:
    """Yield a case of recovery for each of the group's faults that the cell can meet."""
    from bench.faults import all_faults  # only where one is planned: it loads the harness

    for fault in all_faults().values():
        asked = any(fnmatch(fault.name, pattern) for pattern in group.faults)
        if asked and cell.workload.name in fault.workloads:
            case = Case(
                cell=cell,
                quantity=RECOVERY,
                transport=cell.variant.transports[0],
                size_bytes=fault.setup.size_bytes,
                instances=fault.setup.instances,
                placement="free",
                fault=fault.name,
            )
            yield Planned(case, group.blocks)


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
        if cell.workload.name == "fan_out" and group.mode not in (
            None,
            cell.variant.fan_out,
        ):
            continue
        if group.faults:
            yield from _failures(cell, group)
            continue
        transport = group.transport or cell.variant.transports[0]
        if transport not in cell.variant.transports:
            continue
        instances = group.instances or INSTANCES[cell.workload.name]
        if cell.is_floor:
            instances = 1
        for quantity, placement, load in product(
            group.quantities, group.placements, group.loads
        ):
            case = Case(
                cell=cell,
                quantity=quantity,
                transport=transport,
                size_bytes=group.size_bytes,
                instances=instances,
                placement=placement,
                twin=group.twin,
                load=load,
            )
            yield Planned(case, group.blocks)


def plan(
    profile: Profile, cells: Sequence[Cell], blocks: int | None = None
) -> list[Planned]:
    """Return the cases of a profile over the given cells, each once, in a stable order.

    ``blocks`` replaces the profile's numbers of blocks. Where two groups ask for the
    same case, the greater number of blocks counts.
    """
    planned: dict[str, Planned] = {}
    for group in profile.groups:
        for entry in _group_cases(group, cells):
            known = planned.get(entry.case.id)
            if known is None or known.blocks < entry.blocks:
                planned[entry.case.id] = entry
    return [Planned(p.case, blocks or p.blocks) for p in planned.values()]
