"""Intervals of programs that take turns cover what they say, on machines that change.

Windows are drawn with fixed seeds, so the answers are the same on every machine. They go
the whole way through the analysis: window, round, block, interval, verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.analysis.inference import count_range
from bench.analysis.rounds import block_logs, rotated_ratio
from bench.analysis.stats import Floats, Interval, ratio, ratio_of_logs, verdict
from bench.selftest.answers import GATE_CONFIDENCE, KnownAnswer
from bench.selftest.coverage import WITHIN, covers
from bench.selftest.machine_noise import Machine, Schedule, Stays, windows

SIMULATIONS = 4000
AT_ONCE = 1000
STANDARD = Schedule(blocks=16, rounds=16, cases=5, window_s=0.01, pause_s=2.0)
QUICK = replace(STANDARD, blocks=8)
SPREAD = replace(STANDARD, pause_s=20.0)
TRIALS = Schedule(blocks=10, rounds=1, cases=30, window_s=1.1, pause_s=0.0)
"""One window a block, and all cases of a plan between two blocks of a pair."""

EVEN = (
    Machine("a steady machine"),
    Machine("one that drifts", drift_sd=0.2, trend=0.3),
    Machine("one of two speeds, 1.5 s each", slow=math.log(2)),
    Machine("one with a neighbour for 3 s", neighbour_a=0.5, neighbour_b=0.5),
    Machine(
        "one on which processes have two speeds",
        process_slow_a=math.log(21 / 13.5),
        process_slow_b=math.log(21 / 13.5),
    ),
)
"""Each disturbance slows both programs as much.

The two speeds of a process are those of sockets in Python on one machine: 13.5 or 21 us.
"""
UNEVEN = tuple(
    Machine(
        f"one whose neighbour slows a more than b, for {stays.on_s:g} s",
        neighbour_a=0.5,
        neighbour_b=0.2,
        neighbour=stays,
    )
    for stays in (Stays(0.3, 0.6), Stays(3.0, 6.0), Stays(30.0, 60.0))
)
"""The ratio is another one while the neighbour is there. An interval covers the ratio of
its own time. Over all times it covers less than its confidence, since blocks in a row meet
the same neighbour. Blocks dealt to runs at random do not, and cover nearly as much as they
should."""
SAME_TIME = 40
"""Runs that meet the neighbour at the same moments: together they show the ratio then."""
COMPARISONS, DIFFERENT_MAX = 200, 2


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Simulate runs of two programs whose ratio is known."""
    del blocks, seed, logs
    return [*_even(), *_uneven(), *_equals()]


def _even() -> Iterator[KnownAnswer]:
    for number, machine in enumerate(EVEN):
        for schedule in (TRIALS, QUICK, STANDARD):
            rng = np.random.default_rng([21, number, schedule.blocks])
            found = list(_intervals(rng, machine, schedule, SIMULATIONS))
            share, confidence = _covered(found, [1.0]), found[0].confidence
            width = np.median([math.sqrt(each.high / each.low) for each in found]) - 1
            yield covers(
                f"interval of a ratio, {schedule}",
                f"{SIMULATIONS} runs on {machine.name}",
                share,
                confidence,
                f"; half-width {_percent(width)}",
            )


def _uneven() -> Iterator[KnownAnswer]:
    for number, machine in enumerate(UNEVEN):
        rng = np.random.default_rng([22, number])
        injected = f"{SIMULATIONS} runs on {machine.name}"
        logs = _block_logs(rng, machine, STANDARD, SAME_TIME)
        times = [middle(rng, runs) for runs in np.split(logs, len(logs) // SAME_TIME)]
        found = [ratio_of_logs(row) for row in logs]
        share = _covered(found, np.repeat(times, SAME_TIME))
        confidence = found[0].confidence
        yield KnownAnswer(
            "interval of a ratio, of its own time",
            injected,
            f"covers the truth in {_percent(share)}",
            f"at least {_percent(confidence)}",
            share >= confidence - WITHIN,
        )
        yield KnownAnswer(
            "interval of a ratio, of all times", injected, *_all_times(rng, machine)
        )


def _all_times(rng: np.random.Generator, machine: Machine) -> tuple[str, str, None]:
    """Return how often intervals cover what more and more blocks would show."""
    said = []
    for schedule in (STANDARD, SPREAD):
        logs = _block_logs(rng, machine, schedule)
        said.append(f"{_percent(_of_all_times(rng, logs))}, {schedule.pause_s:g} s apart")
    dealt = rng.permutation(logs.ravel()).reshape(logs.shape)
    said.append(f"{_percent(_of_all_times(rng, dealt))} if dealt")
    return f"covers the truth in {'; '.join(said)}", "shown for information", None


def _of_all_times(rng: np.random.Generator, logs: Floats) -> float:
    return _covered([ratio_of_logs(row) for row in logs], [middle(rng, logs)])


def _equals() -> Iterator[KnownAnswer]:
    """Yield how often two copies of one program seem to differ."""
    for number, machine in enumerate((*EVEN, *UNEVEN)):
        copies = replace(machine, neighbour_b=machine.neighbour_a)
        rng = np.random.default_rng([23, number])
        found = list(_intervals(rng, copies, QUICK, COMPARISONS))
        different = sum(verdict(each) in ("faster", "slower") for each in found)
        excluded = sum(not each.low <= 1.0 <= each.high for each in found)
        chances = [1 - found[0].confidence] * COMPARISONS
        low, high = count_range(chances, GATE_CONFIDENCE)
        yield KnownAnswer(
            f"two equals, {QUICK}",
            f"{COMPARISONS} runs on {machine.name}",
            f"{different} called different; {excluded} intervals exclude 1",
            f"at most {DIFFERENT_MAX}; {low} to {high}",
            different <= DIFFERENT_MAX and low <= excluded <= high,
        )


def _intervals(
    rng: np.random.Generator, machine: Machine, schedule: Schedule, runs: int
) -> Iterator[Interval]:
    """Yield the interval that the analysis makes of each run's windows."""
    for a, b in _windows(rng, machine, schedule, runs):
        for pair in zip(a, b, strict=True):
            if schedule.rounds > 1:
                yield rotated_ratio(*pair)
            else:
                yield ratio(*(side[:, 0] for side in pair))


def _block_logs(
    rng: np.random.Generator, machine: Machine, schedule: Schedule, same_time: int = 1
) -> Floats:
    """Return the values of blocks, shape (runs, blocks)."""
    drawn = _windows(rng, machine, schedule, SIMULATIONS, same_time)
    return np.concatenate([block_logs(a, b) for a, b in drawn])


def _windows(
    rng: np.random.Generator,
    machine: Machine,
    schedule: Schedule,
    runs: int,
    same_time: int = 1,
) -> Iterator[tuple[Floats, Floats]]:
    """Yield windows of some runs after the other: few at once take less memory."""
    for start in range(0, runs, AT_ONCE):
        yield windows(rng, machine, schedule, min(AT_ONCE, runs - start), same_time)


def _covered(found: Sequence[Interval], truth: Sequence[float] | Floats) -> float:
    """Return the share of intervals that cover the truth: one for all, or one each."""
    ends = np.array([(each.low, each.high) for each in found])
    return float(np.mean((ends[:, 0] <= truth) & (truth <= ends[:, 1])))


def middle(rng: np.random.Generator, logs: Floats) -> float:
    """Return what Hodges and Lehmann's estimate tends to with more and more blocks."""
    values = logs.ravel()
    first, second = rng.choice(values, (2, 100_000))
    return math.exp(float(np.median((first + second) / 2)))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
