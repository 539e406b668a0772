"""Five milliseconds more in the handler make each round trip five milliseconds longer.

Both roles share one CPU, which the handler keeps busy. With a CPU each, the caller's CPU
would fall asleep, and waking it would add time. A round trip must not grow by less than the
injected delay. It may grow by more, at most by one round trip without any delay: code that
has not run for milliseconds is cold. This is a cost of the stack, and none of the harness.

The measured value is the median over blocks of a difference of medians. It varies by some
microseconds, and the tolerance is a hundred: a correct harness does not fail by chance. If
another process has the CPU when the delay ends, the round trip really takes longer. So a
value above the upper bound is undecided on a busy machine. A value below the lower bound is
always wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from statistics import median

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.measure import latency
from bench.selftest.answers import KnownAnswer
from bench.selftest.measures import SIZE_BYTES, interleave
from bench.trial.record import Window
from bench.trial.trial import run_trial

DELAY_NS = 5_000_000
DELAYS_NS = {"plain": 0, "delayed": DELAY_NS}
TOLERANCE = 0.02
MESSAGES = 40
CELLS = "*/minimal/request_reply.py"


def _round_trip_s(case: Case, window: Window, logs: Path, rng: Random) -> float:
    return latency.measure(case, run_trial(case, window, logs, rng)).value_s


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Measure the round trip of each stack with and without the delay, interleaved."""
    measures: dict[str, Callable[[Random], float]] = {}
    window = Window(MESSAGES, warm_up=10, stamp_each=True)
    cells = [c for c in find_cells([IMPLEMENTATIONS]) if Path(c.id).match(CELLS)]
    for cell in cells:
        case = Case(cell, "latency", "tcp", SIZE_BYTES, 1, "shared")
        for name, busy_ns in DELAYS_NS.items():
            its_window = replace(window, busy_ns=busy_ns)
            measures[f"{cell.id} {name}"] = partial(_round_trip_s, case, its_window, logs)
    values = interleave("handler delay", measures, blocks, seed)
    return [_answer(cell.id, values) for cell in cells]


def _answer(cell: str, values: dict[str, list[float]]) -> KnownAnswer:
    plain, delayed = values[f"{cell} plain"], values[f"{cell} delayed"]
    more_ms = 1e3 * median(d - p for d, p in zip(delayed, plain, strict=True))
    delay_ms = DELAY_NS / 1e6
    least_ms = delay_ms * (1 - TOLERANCE)
    most_ms = delay_ms * (1 + TOLERANCE) + 1e3 * median(plain)
    return KnownAnswer(
        f"{cell}: round trip p50",
        f"+{delay_ms:.2f} ms in the handler",
        f"+{more_ms:.3f} ms",
        f"+{least_ms:.2f} to {most_ms:.2f} ms",
        least_ms <= more_ms <= most_ms,
        needs_quiet=more_ms > most_ms,
    )
