"""Cases that take turns side by side give the ratios that single trials give, but closer.

Four programs are measured both ways, block by block, on the same machine: ZeroMQ, ZeroMQ
again under another name, BSD sockets, and HTTP with the client of Python's library. Both
ways are to find the same ratios. The table shows how wide their intervals are, and how long
each way took.

Further programs do not disturb: the ratio is the same with two programs alive and with
eight, and the processes that wait for their turn take no CPU time worth the name.

The gates look at intervals with a confidence of 99.9 %. Two ways agree if such an interval
of the ratio of their ratios meets 1 +- 5 %.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import numpy as np

from bench.analysis.idle import IDLE, IDLE_MAX_US_PER_S
from bench.analysis.rounds import block_medians, round_logs
from bench.analysis.stats import (
    MARGIN,
    Floats,
    Interval,
    ratio_of_logs,
    unpaired_ratio,
    verdict,
)
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.errors import NoMiddleError
from bench.measure import latency, throughput
from bench.measure.common import Measured, Sizing
from bench.run.block import measure_block
from bench.run.progress import steps
from bench.selftest.answers import GATE_CONFIDENCE, KnownAnswer, shown
from bench.selftest.measures import SIZE_BYTES
from bench.trial.trial import run_trial

PLACEMENT = "shared"
ZMQ, AGAIN, SOCKETS, HTTP = "ZeroMQ", "ZeroMQ again", "BSD sockets", "http.client"
CELLS = {
    ZMQ: "zmq/minimal/request_reply.py",
    AGAIN: "zmq/minimal/request_reply.py",
    SOCKETS: "raw_socket/minimal/request_reply.py",
    HTTP: "http/stdlib_client/request_reply.py",
}
FURTHER = {
    "asyncio": "raw_socket/streams/request_reply.py",
    "aiohttp": "http/aiohttp_client/request_reply.py",
    "WebSocket": "http/websocket/request_reply.py",
    "requests": "http/minimal/request_reply.py",
}
"""The programs that are alive as well, where they may disturb."""
PAIRS = ((AGAIN, ZMQ), (ZMQ, SOCKETS), (HTTP, SOCKETS))

Pair = tuple[str, str]


@dataclass
class Way:
    """One way to measure: windows by program and block, and how long they took."""

    windows_s: dict[str, list[list[float]]] = field(default_factory=dict)
    took_s: float = 0.0
    idle_us_per_s: float = 0.0

    def keep(self, values_s: Mapping[str, list[float]]) -> None:
        """Add the windows of one block: one of each round, or the one of a trial."""
        for name, mine in values_s.items():
            self.windows_s.setdefault(name, []).append(mine)

    def ratios(self, pair: Pair) -> Floats:
        """Return a ratio for each block, the median over its rounds if it has rounds."""
        logs = round_logs(*(self.windows_s[name] for name in pair))
        rounds = logs.shape[1]
        return np.exp(block_medians(logs) if rounds > 1 else logs[:, 0])

    def interval(self, pair: Pair, confidence: float = 0.95) -> Interval:
        return ratio_of_logs(np.log(self.ratios(pair)), confidence)


def half_width(found: Interval) -> float:
    """Return the relative half-width of an interval: 0.05 for 5 %."""
    return math.sqrt(found.high / found.low) - 1


def _case(cell_id: str) -> Case:
    cell = next(c for c in find_cells([IMPLEMENTATIONS]) if c.id == cell_id)
    return Case(cell, "latency", "tcp", SIZE_BYTES, 1, PLACEMENT)


def _pace_s(case: Case, logs: Path, seed: int) -> float:
    window = latency.pilot(case)
    trial = run_trial(case, window, logs / "pilot", Random(seed))
    return float(throughput.measure(case, trial).metadata[throughput.PACE])


def _value(outcome: Measured | NoMiddleError) -> Measured:
    if isinstance(outcome, NoMiddleError):
        raise outcome
    return outcome


class Measuring:
    """Takes blocks of named cases, by either way."""

    def __init__(self, logs: Path, seed: int) -> None:
        self._logs = logs
        self._cases = {name: _case(cell) for name, cell in (CELLS | FURTHER).items()}
        paces = {c.cell.id: c for c in self._cases.values()}
        self._paces_s = {id_: _pace_s(case, logs, seed) for id_, case in paces.items()}

    def in_turns(self, way: Way, names: Sequence[str], rng: Random) -> None:
        began = time.monotonic()
        cases = [self._cases[name] for name in names]
        entries = [(case, self._paces_s[case.cell.id]) for case in cases]
        block = measure_block(entries, self._logs / "ensemble", rng)
        made = dict(zip(names, map(_value, block.outcomes), strict=True))
        way.took_s += time.monotonic() - began
        idle = max(float(m.metadata[IDLE]) for m in made.values())
        way.idle_us_per_s = max(way.idle_us_per_s, idle)
        way.keep({name: measured.windows_s for name, measured in made.items()})

    def in_trials(self, way: Way, rng: Random) -> None:
        began = time.monotonic()
        names = list(CELLS)
        rng.shuffle(names)
        values = {}
        for name in names:
            case = self._cases[name]
            sizing = Sizing(self._paces_s[case.cell.id])
            taken = latency.take(case, sizing, self._logs / "trial", rng)
            values[name] = [taken.value_s]
        way.took_s += time.monotonic() - began
        way.keep(values)


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Measure block by block: in turns, in trials, and in turns with further programs."""
    measuring = Measuring(logs, seed)
    turns, trials, few, many = Way(), Way(), Way(), Way()
    pair = (ZMQ, SOCKETS)
    with steps("rotation", 4 * blocks) as shown_steps:
        for block in range(blocks):
            rng = Random(f"{seed}:{block}")
            parts = [
                partial(measuring.in_turns, turns, list(CELLS), rng),
                partial(measuring.in_trials, trials, rng),
                partial(measuring.in_turns, few, pair, rng),
                partial(measuring.in_turns, many, [*CELLS, *FURTHER], rng),
            ]
            rng.shuffle(parts)
            for part in parts:
                part()
                shown_steps.done()
    found = []
    for a, b in PAIRS:
        for name, way in (("turns", turns), ("trials", trials)):
            found.append(_measured(f"{a} over {b}, in {name}", way, (a, b), a == AGAIN))
        found.append(_agree(f"{a} over {b}: turns over trials", turns, trials, (a, b)))
    beside = f"{ZMQ} over {SOCKETS}: eight alive over two"
    found.append(_agree(beside, many, few, pair))
    idle_us = max(turns.idle_us_per_s, many.idle_us_per_s)
    found.append(
        KnownAnswer(
            "CPU time of programs that wait for their turn",
            "nothing",
            f"at most {idle_us:.0f} us/s",
            f"at most {IDLE_MAX_US_PER_S:.0f} us/s",
            idle_us <= IDLE_MAX_US_PER_S,
            needs_quiet=True,
        )
    )
    return found


def _measured(question: str, way: Way, pair: Pair, same: bool) -> KnownAnswer:
    """Return a row of the table; two copies of one program must not be found to differ."""
    found = way.interval(pair)
    said = f"{shown(found)}, +- {100 * half_width(found):.1f} %, {way.took_s:.0f} s"
    at_gate = verdict(way.interval(pair, GATE_CONFIDENCE))
    right = at_gate not in ("faster", "slower") if same else None
    expected = "neither faster nor slower" if same else ""
    return KnownAnswer(question, "nothing", said, expected, right)


def _agree(question: str, a: Way, b: Way, pair: Pair) -> KnownAnswer:
    """Say whether two ways can have found the same ratio, within ``MARGIN``."""
    found = unpaired_ratio(a.ratios(pair), b.ratios(pair), GATE_CONFIDENCE)
    return KnownAnswer(
        question,
        "nothing",
        f"{shown(found)} at {100 * GATE_CONFIDENCE:.1f} %",
        f"an interval that meets {1 / MARGIN:.2f} to {MARGIN:.2f}",
        found.low <= MARGIN and found.high >= 1 / MARGIN,
    )
