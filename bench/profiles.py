"""Profiles: which cases are measured, in how many blocks."""

from __future__ import annotations

from bench.plan import BOTH, INSTANCES, Group, Profile

MEDIUM_BYTES = 1024
LARGE_BYTES = 64 * 1024
SPLIT = ("split",)
SHARED = ("shared",)

REQUEST_REPLY = ("*/minimal/request_reply.*",)
PIPELINE = ("*/minimal/pipeline.*",)
FAN_OUT = ("*/minimal/fan_out.*", "*/lossless/fan_out.*")
"""Where ``minimal`` is lossy (ZeroMQ's PUB), ``lossless`` stands in: like with like."""
CLIENTS = "*/*_client/"
"""The other HTTP clients: wherever ``requests`` is measured, so are they."""


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
    Group(("*/buffered/*",), ("throughput",)),
    Group(("*/websocket/*",), ("throughput",)),
    Group(("*/polling/*",), ("throughput",)),
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
TWINS_IN_C = (
    Group(("*/minimal/request_reply.c",), ("latency",), leaving_out=()),
    Group(("*/minimal/fan_out.c", "*/*/pipeline.c"), ("throughput",), leaving_out=()),
)
"""How much of a claim's number is Python; sockets in C are the floor of the machine."""
OTHER_QUANTITIES_IN_C = (
    Group(("*/minimal/request_reply.c",), ("throughput",), SHARED, leaving_out=()),
    Group(
        ("*/minimal/fan_out.c", "*/*/pipeline.c"),
        ("latency",),
        SPLIT,
        leaving_out=(),
    ),
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
    but: tuple[str, ...] = (),
) -> tuple[Group, ...]:
    """Put both tiers to these faults, each cell to those that it can meet."""
    cells = [f"{tier}{workload}.py" for tier in TIERS for workload in workloads]
    return (Group((*cells, *more), faults=faults, but=but, blocks=blocks, leaving_out=()),)


def _middle(blocks: int, faults: str = "middle_killed") -> tuple[Group, ...]:
    """Kill what stands in the middle, where a cell has that."""
    return (Group(("*/proxied/*",), faults=(faults,), blocks=blocks, leaving_out=()),)


RESTARTED = (
    "*/reconnecting/fan_out.py",
    "*/reconnecting/pipeline.py",
    "*/lossless/fan_out.py",
)
"""Beside the tiers: the least that survives a restart, and what stands for a minimal
fan-out that may lose where the others' may not."""
HEARTBEATS = "*/heartbeats/*"
"""Heartbeats alone: what they change where a link is cut, which is what they are for."""
QUICK_RECOVERY = (
    *_recovery(("server_killed_busy",), 3, "*/reconnecting/request_reply.py"),
    *_recovery(("server_killed",), 3, *RESTARTED, workloads=("fan_out", "pipeline")),
    *_recovery(("link_cut_1s",), 3, workloads=("request_reply",)),
    *_middle(3),
)
STANDARD_RECOVERY = (
    *_middle(5),
    *_recovery(("server_killed_busy",), 5, "*/reconnecting/*.py"),
    *_recovery(("application_hung", "server_frozen"), 5, workloads=("request_reply",)),
    *_recovery(("server_killed",), 5, *RESTARTED, workloads=("fan_out", "pipeline")),
    *_recovery(("link_cut_4s",), 5, HEARTBEATS),
    *_recovery(("link_reset",), 5, workloads=("request_reply", "pipeline")),
    *_recovery(("worker_killed", "subscriber_stalled", "worker_slow"), 5),
)
TIMED_FAULTS = (
    "server_killed",
    "server_killed_busy",
    "server_frozen",
    "application_hung",
    "worker_killed",
    "worker_slow",
    "power_lost",
    "link_cut_1s",
    "link_cut_4s",
    "link_reset",
)
"""Faults that end in a time which differs from trial to trial: these get ten repeats.

The others ask yes or no, and answer the same each time, so that an hour's trials are
better spent on these. A stalled subscriber ends in a time too, but takes ten seconds of the
whole machine.
"""
LONG_FAULTS = ("link_cut_16s", "silent_connections_31s")
"""Half a minute a trial: enough repeats to see that they agree."""
FULL_RECOVERY = (
    *_recovery(TIMED_FAULTS, 10),
    *_recovery(("link_cut_1s", "link_cut_4s"), 10, HEARTBEATS),
    *_recovery(("link_cut_2s", "link_cut_8s"), 5, HEARTBEATS),
    *_recovery(LONG_FAULTS, 3),
    *_recovery(("*",), 5, "*/reconnecting/*.py", "*/polling/*.py", but=LONG_FAULTS),
    *_middle(10, "middle_*"),
)

STANDARD = (
    *_headline(10),
    *_twins(10),
    *CLIENTS_OF_CLAIMS,
    *ALTERNATIVES,
    *OTHER_QUANTITIES,
    *LARGE,
    *OTHER_TRANSPORTS,
    *OPEN_LOOP,
    *TWINS_IN_C,
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
                Group(("*/minimal/request_reply.c",), ("latency",), SHARED, leaving_out=()),
                Group(("*/*/pipeline.c",), ("throughput",), SHARED, leaving_out=()),
                Group(
                    ("*/minimal/fan_out.c",),
                    ("throughput",),
                    SHARED,
                    instances=2,
                    leaving_out=(),
                ),
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
                *OTHER_QUANTITIES_IN_C,
                *OPEN_LOOP_OF_STREAMS,
                LOAD_CURVE,
                ZERO_LOSS,
                WRK,
                *LARGE_PIPELINE,
                Group(("*/*/fan_out.*", "*/*/pipeline.*"), mode="lossless"),
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
