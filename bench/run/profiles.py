"""Profiles: the cases to measure, and their numbers of blocks."""

from __future__ import annotations

from dataclasses import replace

from bench.run.failure_profiles import FULL_RECOVERY, QUICK_RECOVERY, STANDARD_RECOVERY
from bench.run.plan import BOTH, IN_C, IN_PYTHON, SURVIVORS, Group, Profile

MEDIUM_BYTES = 1024
LARGE_BYTES = 64 * 1024
SPLIT = ("split",)
SHARED = ("shared",)

REQUEST_REPLY = ("*/minimal/request_reply.*",)
PIPELINE = ("*/minimal/pipeline.*",)
FAN_OUT = ("*/minimal/fan_out.*", "*/lossless/fan_out.*")
"""If ``minimal`` is lossy (ZeroMQ's PUB), ``lossless`` represents its stack."""
BUFFERED = ("*/buffered/fan_out.*",), ("*/buffered/pipeline.*",)
"""If ``minimal`` does not batch, ``buffered`` represents its stack at full speed."""
DEPLOYED = ("*/uwsgi/request_reply.*",)
"""HTTP's fastest conforming pair: see ``[fastest]`` in declared.toml."""
CLIENTS = "*/*_client/"
"""The other HTTP clients, which are measured in the same cases as ``requests``."""
UVLOOP = "uvloop"


def _with_clients(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return globs of the same workloads' cells, with the other HTTP clients'."""
    workloads = {pattern.rsplit("/", 1)[1] for pattern in cells}
    return (*cells, *(CLIENTS + workload for workload in sorted(workloads)))


ROUND_TRIP = Group((*REQUEST_REPLY, *DEPLOYED), ("latency",))
AT_SPEED = Group(
    (*FAN_OUT, *PIPELINE, *BUFFERED[0], *BUFFERED[1]),
    ("throughput",),
    lossy=False,
    batched=True,
)
COPIES_OF_ROUND_TRIPS = Group(REQUEST_REPLY, ("latency",), copy=1)
COPIES_AT_SPEED = replace(AT_SPEED, copy=1)


def _headline(blocks: int) -> tuple[Group, ...]:
    """Declared comparisons: a quantity of each workload in both placements, and in C."""
    in_python = [replace(group, blocks=blocks) for group in (ROUND_TRIP, AT_SPEED)]
    in_c = (replace(g, placements=SHARED, leaving_out=IN_PYTHON) for g in in_python)
    return (*in_python, *in_c)


def _a_a_copies(blocks: int) -> tuple[Group, ...]:
    """An A/A pair for each stack, workload and placement of declared comparisons."""
    copies = (COPIES_OF_ROUND_TRIPS, COPIES_AT_SPEED)
    return tuple(replace(group, blocks=blocks) for group in copies)


def _on_one_cpu(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """Return groups without the cases on separate CPUs."""
    return tuple(replace(group, placements=SHARED) for group in groups)


NULL = (
    Group(("*/request_reply.*",), ("latency",), SHARED, floor=True),
    Group(("*/fan_out.*", "*/pipeline.*"), ("throughput",), SHARED, floor=True),
)
NULL_LARGE = Group(("*/request_reply.*",), ("latency",), SHARED, LARGE_BYTES, floor=True)
NULL_OF_OTHER_QUANTITIES = Group(("*",), placements=SHARED, floor=True)
UNDECLARED = (
    Group(FAN_OUT, ("throughput",), lossy=False),
    Group(PIPELINE, ("throughput",)),
)
"""The minimal programs of stacks whose batching program is in a declared comparison."""
CLIENTS_OF_DECLARED = (
    Group((CLIENTS + "request_reply.*",), ("latency",)),
    Group((CLIENTS + "fan_out.*",), ("throughput",)),
    Group((CLIENTS + "pipeline.*",), ("throughput",)),
)
WEBSOCKET = (
    Group(("*/websocket/request_reply.*",), ("latency",)),
    Group(("*/websocket/fan_out.*", "*/websocket/pipeline.*"), ("throughput",)),
)
ON_UVLOOP = (
    *(replace(group, loop=UVLOOP) for group in WEBSOCKET),
    Group(("*/aiohttp_client/request_reply.*",), ("latency",), loop=UVLOOP),
)
"""Programs on asyncio of which a user would run both ends on libuv's loop."""
ON_ASYNCIO = (
    Group(("*/asyncio/request_reply.*",), ("latency",)),
    Group(("*/asyncio/pipeline.*",), ("throughput",), SHARED),
    Group(
        ("*/asyncio/request_reply.*", "*/streams/request_reply.*"),
        ("latency",),
        SHARED,
        loop=UVLOOP,
    ),
)
"""Programs that show the cost of asyncio, on Python's loop and on libuv's."""
ONE_END = ("uvicorn", "pycurl", "urllib3", "httpx")
OTHER_ENDS = (
    Group(
        tuple(f"http/{variant}/request_reply.*" for variant in ONE_END),
        ("latency",),
        SHARED,
    ),
)
"""Programs with one end of aiohttp, each beside the one with both."""
SECURED = ("*/tls/", "*/curve/")


def _secured(*workloads: str) -> tuple[str, ...]:
    """Return globs of programs that encrypt."""
    return tuple(f"{variant}{each}.*" for variant in SECURED for each in workloads)


ENCRYPTED = (
    Group(_secured("request_reply"), ("latency",)),
    Group(_secured("fan_out", "pipeline"), ("throughput",), SHARED),
)
ENCRYPTED_LARGE = (
    Group(_secured("request_reply"), ("latency",), SHARED, LARGE_BYTES),
    Group(_secured("fan_out", "pipeline"), ("throughput",), SHARED, LARGE_BYTES),
)
"""Where ciphers have the most to do. The plain programs have these cases in ``full``."""
ENCRYPTED_ON_UVLOOP = Group(
    ("http/tls/request_reply.*",), ("latency",), SHARED, loop=UVLOOP
)
ALTERNATIVES = (Group(("*/buffered/*",), ("throughput",)), *WEBSOCKET)
OTHER_WAYS = (
    Group(("*/polling/*",), ("throughput",)),
    Group(("*/streams/request_reply.*",), ("latency",)),
    Group(("*/streams/fan_out.*", "*/streams/pipeline.*"), ("throughput",)),
    Group(("*/*/fan_out.*",), ("throughput",), SHARED, lossy=True),
)
"""Programs on nothing that a user would take first, and those that may lose messages."""
OTHER_QUANTITIES = (
    Group(_with_clients(REQUEST_REPLY), ("throughput",), SHARED),
    Group(
        (*_with_clients(FAN_OUT), "*/buffered/fan_out.*"),
        ("latency",),
        SPLIT,
        lossy=False,
    ),
    Group((*_with_clients(PIPELINE), "*/buffered/pipeline.*"), ("latency",), SPLIT),
)
LARGE = Group(_with_clients(REQUEST_REPLY), ("latency",), SHARED, LARGE_BYTES)
LARGE_STREAMS = (
    Group(_with_clients(FAN_OUT), ("throughput",), SHARED, LARGE_BYTES, lossy=False),
    Group(("*/fan_out.*",), ("throughput",), SHARED, LARGE_BYTES, floor=True),
    Group(_with_clients(PIPELINE), ("throughput",), SHARED, LARGE_BYTES),
    Group(("*/pipeline.*",), ("throughput",), SHARED, LARGE_BYTES, floor=True),
)
OTHER_TRANSPORTS = (
    Group(_with_clients(REQUEST_REPLY), ("latency",), SHARED, transport="ipc"),
    Group(REQUEST_REPLY, ("latency",), SHARED, transport="inproc"),
    Group(_with_clients(FAN_OUT), ("throughput",), SHARED, transport="ipc", lossy=False),
    Group(FAN_OUT, ("throughput",), SHARED, transport="inproc", lossy=False),
    Group(_with_clients(PIPELINE), ("throughput",), SHARED, transport="ipc"),
)
C_PORTS = (
    Group(("*/minimal/request_reply.c",), ("latency",), leaving_out=()),
    Group(("*/*/fan_out.c", "*/*/pipeline.c"), ("throughput",), leaving_out=()),
)
"""C ports show the share of Python in a time; sockets in C are the machine's floor."""
ROUND_TRIPS_AT_SPEED_IN_C = Group(
    ("*/minimal/request_reply.c",), ("throughput",), SHARED, leaving_out=()
)
CONNECT = Group(
    (*_with_clients(REQUEST_REPLY), *DEPLOYED, *_secured("request_reply")),
    ("connect",),
    SHARED,
)
CONNECT_OF_MORE = (
    replace(CONNECT, placements=SPLIT),
    Group(("*/streams/request_reply.*", "*/websocket/request_reply.*"), ("connect",)),
)
IDLE = Group(
    (*REQUEST_REPLY, "*/aiohttp_client/request_reply.*"),
    ("idle_memory",),
    SHARED,
    instances=1000,
    leaving_out=(*SURVIVORS, IN_C, "http/minimal/*"),
)
"""HTTP has the program whose client opens connections soonest."""
ON_LOOPS = ("streams", "asyncio", "websocket", "uvicorn")
WHOLE_FIELD = replace(
    IDLE, cells=(*IDLE.cells, *(f"*/{each}/request_reply.*" for each in ON_LOOPS))
)
IDLE_OF_MORE = tuple(replace(WHOLE_FIELD, instances=number) for number in (1, 100, 1000))
WEBSOCKET_PIPELINE = "*/websocket/pipeline.*"
WIRES_OF_FAN_OUT = ("*/aiohttp_client/fan_out.*", "*/websocket/fan_out.*")
COST = tuple(
    replace(WHOLE_FIELD, quantities=("cost",), placements=SPLIT, instances=number)
    for number in (1, 3, 10, 30, 100, 300, 1000)
)
"""Half decades of connections."""
COST_OF_FAN_OUT = tuple(
    Group(
        (*FAN_OUT, *WIRES_OF_FAN_OUT),
        ("cost",),
        SPLIT,
        lossy=False,
        instances=number,
        crowded=True,
        leaving_out=(*SURVIVORS, IN_C, "http/minimal/*"),
    )
    for number in (1, 3, 10, 30, 100, 300)
)
"""Half decades of subscribers. aiohttp's publisher is that of ``minimal`` as well."""
COST_OF_PIPELINE = tuple(
    replace(
        COST_OF_FAN_OUT[0],
        cells=("*/minimal/pipeline.*", "*/aiohttp_client/pipeline.*", WEBSOCKET_PIPELINE),
        instances=number,
    )
    for number in (1, 3, 10, 30, 100)
)
"""Half decades of workers."""
SAME_LOAD = ("common_50",)
OWN_LOADS = ("own_10", "own_30", "own_50", "own_70", "own_90")
RESPONSE = ("response",)
OPEN_LOOP = Group(_with_clients(REQUEST_REPLY), RESPONSE, SPLIT, loads=SAME_LOAD)
STREAMS = (
    (*_with_clients(FAN_OUT), "*/buffered/fan_out.*", "*/websocket/fan_out.*"),
    (*_with_clients(PIPELINE), "*/buffered/pipeline.*", "*/websocket/pipeline.*"),
)
OPEN_LOOP_OF_STREAMS = tuple(
    Group(cells, RESPONSE, SPLIT, lossy=False, loads=SAME_LOAD) for cells in STREAMS
)
LOAD_CURVE = Group(_with_clients(REQUEST_REPLY), RESPONSE, SPLIT, loads=OWN_LOADS)
WRK = Group(("http/minimal/request_reply.*",), ("wrk",), BOTH, tool="wrk")
ZERO_LOSS = Group(("*/*/fan_out.*",), ("zero_loss",), SPLIT, lossy=True)
WHOLE = ("standard", "full")
"""The profiles whose runs may lead a published set."""
GROWTH = "growth"
"""The profile whose latest run stands beside it."""
STANDARD = (
    *_headline(16),
    *_a_a_copies(16),
    *_on_one_cpu(UNDECLARED),
    CLIENTS_OF_DECLARED[0],
    *_on_one_cpu(CLIENTS_OF_DECLARED[1:]),
    *_on_one_cpu(ALTERNATIVES),
    *_on_one_cpu(ENCRYPTED[:1]),
    LARGE,
    CONNECT,
    OPEN_LOOP,
    *NULL,
    NULL_LARGE,
    *STANDARD_RECOVERY,
)
"""On separate CPUs: what is declared, and the clients that stand beside `requests`."""

FULL = (
    *_headline(32),
    *_a_a_copies(32),
    *STANDARD,
    *UNDECLARED,
    *CLIENTS_OF_DECLARED,
    *ALTERNATIVES,
    *OTHER_WAYS,
    *ON_UVLOOP,
    *ON_ASYNCIO,
    *OTHER_ENDS,
    *ENCRYPTED,
    *OTHER_TRANSPORTS,
    *OTHER_QUANTITIES,
    *C_PORTS,
    ROUND_TRIPS_AT_SPEED_IN_C,
    *OPEN_LOOP_OF_STREAMS,
    LOAD_CURVE,
    ZERO_LOSS,
    WRK,
    *LARGE_STREAMS,
    *CONNECT_OF_MORE,
    *IDLE_OF_MORE,
    *ENCRYPTED_LARGE,
    ENCRYPTED_ON_UVLOOP,
    NULL_OF_OTHER_QUANTITIES,
    Group(_with_clients(REQUEST_REPLY), ("latency",), ("free",)),
    Group(_with_clients(REQUEST_REPLY), ("latency",), SHARED, MEDIUM_BYTES),
    Group(_with_clients(REQUEST_REPLY), ("throughput",), instances=4),
    *FULL_RECOVERY,
)

QUICK = (
    ROUND_TRIP,
    COPIES_OF_ROUND_TRIPS,
    *(
        replace(group, placements=SHARED)
        for group in (AT_SPEED, UNDECLARED[1], CLIENTS_OF_DECLARED[2])
    ),
    Group(("*/request_reply.*",), ("latency",), SHARED, floor=True),
    *QUICK_RECOVERY,
)
"""Cases of ``standard``, so that the ratios of both may be laid beside each other."""

PROFILES = {
    profile.name: profile
    for profile in (
        Profile("quick", "a first look: the first declared comparisons, 8 blocks", QUICK),
        Profile(
            "standard",
            "what `make bench` runs: declared comparisons in 16 blocks, the rest in eight",
            STANDARD,
        ),
        Profile(
            GROWTH,
            "what connections, subscribers and workers cost, and how that grows",
            (*IDLE_OF_MORE, *COST, *COST_OF_FAN_OUT, *COST_OF_PIPELINE),
        ),
        Profile(
            "full",
            "standard, and separate CPUs, other quantities, several clients, 1 KiB",
            FULL,
        ),
    )
}
