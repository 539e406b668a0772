"""Every program of several servers and of a web does as theory has it, calm and struck.

While all is calm, each request is served. Where clients keep to a server, it has their
state. Where requests go to any of N servers, the state is there once in N. A frozen server
takes each request that is dealt to it. It takes one from a broker that waits for servers to
ask.

In a web all pairs talk, and all news and jobs arrive once, while all is calm. The others of
a mesh talk on if a peer dies or falls silent; without its hub no pair of a star does. A
monkey strikes every program, and the pairs are back at the end.

Times and counts of a busy machine differ: all answers need a quiet one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.contract.model import Cell
from bench.contract.topology import Topology, players, topologies
from bench.faults.boxes import CALM
from bench.faults.web import CHAOS
from bench.selftest.answers import KnownAnswer
from bench.surveys.topologies.profiles import PROFILES
from bench.surveys.topologies.survey import Row, Wanted, lacks, make

KEEPING = (
    "raw_socket.balanced",
    "raw_socket.haproxy",
    "raw_socket.haproxy_checked",
    "http.nginx_sticky",
)
"""Programs whose middle deals connections, or knows a client: it keeps its server."""
DEALING, ASKED = "zmq.proxied", "zmq.lru"
OF_THEORY = 0.12
"""More than three standard errors of a share of 300 requests."""
PEERS = 6
OF_PAIRS = 0.1
"""A window of two seconds may have no request of some pair."""
SILENT = ("box_frozen_medium", "box_cut_medium", "box_killed_busy_medium")
FROZEN, PEER_KILLED, HUB_KILLED = "box_frozen_server", "box_killed_small", "box_killed_hub"


@dataclass(frozen=True)
class Range:
    """The values of a measure that are right; of a measure by the second, the last one."""

    measure: str
    low: float
    high: float


Ranges = Mapping[str, tuple[Range, ...]]
"""The ranges by situation."""


def exactly(measure: str, value: float) -> Range:
    return Range(measure, value, value)


def of_servers(cell: Cell, topology: Topology) -> Ranges:
    """Return the ranges of a program of several servers."""
    key, theory = _key(cell), 1 - 1 / topology.server.count
    if key in KEEPING:
        missed = exactly("missed", 0)
    elif cell.variant.name.startswith("direct"):
        missed = Range("missed", 0.9, 1)  # a client goes round by itself
    else:
        missed = Range("missed", theory - OF_THEORY, theory + OF_THEORY)
    found: dict[str, tuple[Range, ...]] = {
        CALM: (exactly("hurt", 0), exactly("told", 0), missed)
    }
    if key == DEALING:
        clients = topology.asking
        found[FROZEN] = (exactly("hurt", clients), Range("survival", 0, 0.3))
    if key == ASKED:
        found[FROZEN] = (Range("hurt", 0, 2), Range("survival", 0.7, 1))
    return found


def of_web(cell: Cell, topology: Topology) -> Ranges:
    """Return the ranges of a program of a web."""
    peers = topology.asking
    left = (peers - 1) * (peers - 2) / (peers * (peers - 1))
    every = [exactly(name, 1) for name in ("pairs_alive", "news_once", "jobs_once")]
    found: dict[str, tuple[Range, ...]] = {
        CALM: (*every, exactly("doubled", 0)),
        CHAOS: (Range("pairs_each_s", 0.9, 1), Range("chaos_pairs", 0.5, 1)),
    }
    if cell.variant.name == "star":
        found[HUB_KILLED] = (exactly("pairs_alive", 0), Range("jobs_once", 0, 0.5))
        return found
    found[PEER_KILLED] = (
        *every[:2],
        Range("pairs_of_all", left - OF_PAIRS, left + OF_PAIRS),
    )
    if _key(cell) == "zmq.mesh":
        silent = Range("pairs_of_all", left - OF_PAIRS, 1 - OF_PAIRS)
        found |= dict.fromkeys(SILENT, (every[0], silent))
    return found


KNOWN: Mapping[str, Callable[[Cell, Topology], Ranges]] = {
    "servers": of_servers,
    "web": of_web,
}


def _key(cell: Cell) -> str:
    return cell.key.removesuffix(".python")


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Make a trial of each program in each situation, side by side as in a survey."""
    del blocks, logs
    known = list(_known())
    rows: dict[tuple[str, int, str, str, int], Row] = {}

    def keep(row: Row) -> None:
        key = row["topology"], row["clients"], row["key"], row["fault"], row["trial"]
        rows[key] = row

    make([each for each, _ in known], seed, keep, PROFILES["standard"].at_once)
    return [
        _answer(each, rows[each.key], right) for each, ranges in known for right in ranges
    ]


def _known() -> Iterator[tuple[Wanted, tuple[Range, ...]]]:
    """Yield each trial of a program that can run here, with its ranges."""
    for name, ranges in KNOWN.items():
        whole = topologies()[name]
        topology = whole.with_clients(PEERS) if whole.peers else whole
        for cell in players(topology):
            if not lacks(cell):
                for fault, right in ranges(cell, topology).items():
                    yield Wanted(topology, cell, fault, 0), right


def _answer(wanted: Wanted, row: Row, right: Range) -> KnownAnswer:
    question = f"{right.measure} of {_key(wanted.cell)}, {wanted.fault}"
    if "error" in row:
        return KnownAnswer(question, "", row["error"], "a value", False, needs_quiet=True)
    found = row[right.measure]
    value = float(found[-1] if isinstance(found, list) else found)
    return KnownAnswer(
        question,
        wanted.topology.name,
        f"{value:.3f}",
        f"{right.low:.3f} to {right.high:.3f}",
        right.low <= value <= right.high,
        needs_quiet=True,
    )
