"""An event at a server: when a client hears of it, by the way in which it is told.

Client and server are on the loopback of a namespace of their own, and both use aiohttp, or
pyzmq. For a reconnect the client leaves, events happen, and the client comes back.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from bench.faults.network.hosts import Network
from bench.faults.network.tools import tool
from bench.surveys.experiments.catalogue.push.ways import (
    LONG_POLLING,
    POLL_S,
    POLLING,
    PUB_SUB,
    SSE,
    WAYS,
    WEBSOCKET,
)
from bench.surveys.experiments.experiment import (
    FULL,
    Block,
    Experiment,
    Found,
    Quantity,
    libzmq,
)
from bench.surveys.experiments.processes import line, role, started
from bench.trial.requirements import version

INSIDE = "bench.surveys.experiments.catalogue.push.inside"
HOST = "push"
LIMIT_S = 60.0
EVENTS = 30
SUBJECTS = {
    POLLING: f"polling each {1000 * POLL_S:.0f} ms",
    LONG_POLLING: "long polling",
    SSE: "a stream of server-sent events",
    WEBSOCKET: "a WebSocket",
    PUB_SUB: "a SUB socket",
}
QUANTITIES = {
    "delay_p50_ms": Quantity("ms", "{subject} tells of an event after {value} ms (p50)"),
    "delay_p99_ms": Quantity("ms", "{subject} tells of an event after {value} ms (p99)"),
    "wire_bytes": Quantity("bytes", "{subject} sends {value} bytes of IP for an event"),
    "idle_bytes_per_s": Quantity(
        "bytes a second", "{subject} sends {value} bytes of IP a second for no event"
    ),
    "replayed": Quantity(
        "events", "{subject} brings {value} of 5 missed events after a reconnect", most=5.0
    ),
}


def inside(way: str, count: int = EVENTS) -> dict[str, float]:
    """Return delays and bytes of one way with so many events, in a namespace of its own."""
    with (
        Network(HOST) as network,
        started(role(INSIDE, way, str(count)), network.enter(HOST)) as process,
    ):
        found: dict[str, float] = json.loads(line(process, LIMIT_S))
    return found


def measure(block: Block) -> Found:
    """Hear of events in all ways side by side: a few events a second keep no CPU busy.

    Raises NotMeasurable if namespaces or nft are missing.
    """
    tool("nft")
    order = block.random.sample(WAYS, len(WAYS))
    with ThreadPoolExecutor(len(WAYS)) as pool:
        made = dict(zip(order, pool.map(inside, order), strict=True))
    return Found({name: {way: made[way][name] for way in WAYS} for name in QUANTITIES})


def versions() -> Mapping[str, str]:
    return {**libzmq(), "aiohttp": version("aiohttp") or "none"}


EXPERIMENT = Experiment(
    name="push",
    asks="When does a client hear of an event, at what cost, and after a reconnect?",
    control="Polling, whose delay is that of the clock and not of the network.",
    subjects=SUBJECTS,
    quantities=QUANTITIES,
    measure=measure,
    profile=FULL,
    versions=versions,
)
