"""Profiles: which cases are measured, in how many blocks.

A profile is made of groups; a group is a set of cells, by glob, with the parameters
they are run with. Cells are found from their paths, so a new stack whose variants are
called like the others joins the groups without a line here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch

from bench.contract import Case, Cell

SMALL_BYTES = 64
MEDIUM_BYTES = 1024
LARGE_BYTES = 64 * 1024
INSTANCES = {"request_reply": 1, "fan_out": 4, "pipeline": 2}
BOTH = ("split", "shared")
SPEEDS = ("latency", "throughput")
BLOCKS_MIN = 6
"""Fewer blocks have no 95 % interval at all."""

MINIMAL = ("*/minimal/request_reply.*", "*/minimal/pipeline.*")
LOSSLESS_FAN_OUT = ("*/minimal/fan_out.*", "*/lossless/fan_out.*")
"""Where ``minimal`` is lossy (ZeroMQ's PUB), ``lossless`` stands in: like with like."""
CLIENTS = ("*/*_client/request_reply.*",)


@dataclass(frozen=True)
class Group:
    """Cells by glob, and the parameters with which each of them becomes cases.

    ``mode`` keeps fan-out cells of one promise only. ``transport`` None is each
    variant's default; a cell without the named transport is left out.
    """

    cells: tuple[str, ...]
    quantities: tuple[str, ...] = SPEEDS
    placements: tuple[str, ...] = BOTH
    size_bytes: int = SMALL_BYTES
    transport: str | None = None
    mode: str | None = None
    instances: int | None = None
    twin: int = 0
    blocks: int = BLOCKS_MIN
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


def _headline(blocks: int, placements: tuple[str, ...]) -> tuple[Group, ...]:
    return (
        Group(MINIMAL, placements=placements, blocks=blocks),
        Group(LOSSLESS_FAN_OUT, placements=placements, mode="lossless", blocks=blocks),
    )


def _twins(blocks: int, placements: tuple[str, ...]) -> tuple[Group, ...]:
    """An A/A pair for each workload and placement: the run's own noise floor."""
    return (
        Group(
            ("zmq/minimal/request_reply.*",),
            ("latency",),
            placements,
            twin=1,
            blocks=blocks,
        ),
        Group(
            ("zmq/lossless/fan_out.*",),
            ("throughput",),
            placements,
            twin=1,
            blocks=blocks,
        ),
        Group(
            ("zmq/minimal/pipeline.*",),
            ("throughput",),
            placements,
            twin=1,
            blocks=blocks,
        ),
    )


NULL = Group(("*",), placements=("shared",), floor=True)
ALTERNATIVES = (
    Group(CLIENTS),
    Group(("*/websocket/*", "*/buffered/*"), placements=("shared",)),
    Group(("*/*/fan_out.*",), placements=("shared",), mode="lossy"),
)
LARGE = (
    Group((*MINIMAL, *CLIENTS), ("latency",), ("shared",), LARGE_BYTES),
    Group(LOSSLESS_FAN_OUT, ("throughput",), ("shared",), LARGE_BYTES, mode="lossless"),
)
IPC = Group(("*/minimal/request_reply.*",), ("latency",), ("shared",), transport="ipc")
INPROC = Group(
    ("*/minimal/request_reply.*",), ("latency",), ("shared",), transport="inproc"
)
OTHER_TRANSPORTS = (
    IPC,
    INPROC,
    Group(LOSSLESS_FAN_OUT, ("throughput",), ("shared",), transport="ipc", mode="lossless"),
    Group(
        LOSSLESS_FAN_OUT,
        ("throughput",),
        ("shared",),
        transport="inproc",
        mode="lossless",
    ),
    Group(("*/minimal/pipeline.*",), ("throughput",), ("shared",), transport="ipc"),
)

PROFILES = {
    profile.name: profile
    for profile in (
        Profile(
            "quick",
            "screening only: every cell once, six blocks, one claim at most",
            (
                Group(("*/*/request_reply.*",), ("latency",), ("shared",)),
                Group(("*/*/pipeline.*", "*/*/fan_out.*"), ("throughput",), ("shared",)),
                Group(("zmq/minimal/request_reply.*",), ("latency",), ("shared",), twin=1),
                Group(("*/request_reply.*",), ("latency",), ("shared",), floor=True),
                Group(
                    ("*/pipeline.*", "*/fan_out.*"),
                    ("throughput",),
                    ("shared",),
                    floor=True,
                ),
            ),
        ),
        Profile(
            "standard",
            "what `make bench` runs: the headline in ten blocks, the rest in six",
            (
                *_headline(10, BOTH),
                *_twins(10, BOTH),
                *ALTERNATIVES,
                *LARGE,
                *OTHER_TRANSPORTS,
                NULL,
            ),
        ),
        Profile(
            "full",
            "ten blocks of everything, 1 KiB, free placement and several clients too",
            (
                *_headline(10, BOTH),
                *_twins(10, BOTH),
                *ALTERNATIVES,
                *LARGE,
                *OTHER_TRANSPORTS,
                NULL,
                Group((*MINIMAL, *CLIENTS), ("latency",), ("free",), blocks=10),
                Group(
                    (*MINIMAL, *CLIENTS),
                    ("throughput",),
                    ("shared",),
                    MEDIUM_BYTES,
                    blocks=10,
                ),
                Group(
                    ("*/*/request_reply.*",),
                    ("throughput",),
                    BOTH,
                    instances=4,
                    blocks=10,
                ),
            ),
        ),
    )
}


def _group_cases(group: Group, cells: Sequence[Cell]) -> Iterator[Planned]:
    for cell in cells:
        if cell.is_floor != group.floor:
            continue
        if not any(fnmatch(cell.id, pattern) for pattern in group.cells):
            continue
        if cell.workload.name == "fan_out" and group.mode not in (
            None,
            cell.variant.fan_out,
        ):
            continue
        transport = group.transport or cell.variant.transports[0]
        if transport not in cell.variant.transports:
            continue
        instances = group.instances or INSTANCES[cell.workload.name]
        if cell.is_floor:
            instances = 1
        for quantity in group.quantities:
            for placement in group.placements:
                yield Planned(
                    Case(
                        cell=cell,
                        quantity=quantity,
                        transport=transport,
                        size_bytes=group.size_bytes,
                        instances=instances,
                        placement=placement,
                        twin=group.twin,
                    ),
                    group.blocks,
                )


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
