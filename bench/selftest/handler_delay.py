"""Five milliseconds more in every handler are five milliseconds more in every stack.

On one CPU, which the handler keeps busy; with a CPU each, the caller's would fall asleep,
and waking it would be added. Never less than what was injected. More by at most one round
trip of the cell without any delay: code that has not run for milliseconds is cold, and
the more of it there is, the more that costs. It is a true cost, and none of the harness.

The median over blocks of a difference of medians varies by some microseconds, and what
is allowed is a hundred: no chance that a correct harness fails. A process that has the CPU
when the handler would be done does add to the delay, truly: above the upper bound the
answer of a busy machine is undecided, below the lower one it is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from statistics import median

from bench.contract import IMPLEMENTATIONS, Case
from bench.find import find_cells
from bench.measure import latency
from bench.records import Window
from bench.selftest.answers import Answer
from bench.selftest.measures import SIZE_BYTES, interleave
from bench.trial import run_trial

DELAY_NS = 5_000_000
DELAYS_NS = {"plain": 0, "delayed": DELAY_NS}
TOLERANCE = 0.02
MESSAGES = 40
CELLS = "*/minimal/request_reply.py"


def _round_trip_s(case: Case, window: Window, logs: Path, rng: Random) -> float:
    return latency.measure(case, run_trial(case, window, logs, rng)).value_s


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Measure each stack's round trip with each delay, interleaved."""
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


def _answer(cell: str, values: dict[str, list[float]]) -> Answer:
    plain, delayed = values[f"{cell} plain"], values[f"{cell} delayed"]
    more_ms = 1e3 * median(d - p for d, p in zip(delayed, plain, strict=True))
    delay_ms = DELAY_NS / 1e6
    least_ms = delay_ms * (1 - TOLERANCE)
    most_ms = delay_ms * (1 + TOLERANCE) + 1e3 * median(plain)
    return Answer(
        f"{cell}: round trip p50",
        f"+{delay_ms:.2f} ms in the handler",
        f"+{more_ms:.3f} ms",
        f"+{least_ms:.2f} to {most_ms:.2f} ms",
        least_ms <= more_ms <= most_ms,
        needs_quiet=more_ms > most_ms,
    )
