"""Latency: how long one message takes, on a path that is otherwise idle.

For request/reply it is the round trip in a closed loop, one request at a time. For fan-out
and pipeline it is the time one way, paced at the workload's declared low rate: from the
moment the driver pulls a message to the moment a subscriber or the collector yields it. All
processes of a machine share the monotonic clock, so a one-way time is real. The value of a
trial is the median of its samples. In turns, it is the median over rounds of the median of
each turn. Every sample is kept, except those of ramps.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random
from statistics import median

import numpy as np
from numpy.typing import NDArray

from bench.contract.model import Case
from bench.measure.closed_loop import assert_little
from bench.measure.common import (
    Measured,
    Sizing,
    common,
    count,
    free_running_pilot,
    free_running_window,
    needed_s,
    refuse_unclear,
    window_in_turns,
)
from bench.measure.percentiles import quantile, summary
from bench.measure.turns import windows
from bench.trial.fork_servers import ForkServers
from bench.trial.record import RoleRecord, TrialRecord, Window
from bench.trial.trial import run_trial

PACED_MESSAGES = 60
PACED_WINDOW_S = 0.4
"""The length of a paced window in seconds; longer if it would hold too few messages."""
ROUNDS_SHARED = 16
ROUNDS_APART = 8
"""How many turns of a block have a value. Programs on CPUs of their own scatter less, and
half as many reach an aim that is twice as wide (bench/run/aims.py)."""
TURN_S = 0.01
TURN_MESSAGES = 40
"""A turn lasts ``TURN_S``, and longer if it would hold fewer messages."""
TURN_MESSAGES_MAX = 4000
"""The most messages of a turn: the memory of many cases side by side must have a bound."""


def rounds(case: Case) -> int:
    """Return how many turns of a block have a value."""
    return ROUNDS_SHARED if case.placement == "shared" else ROUNDS_APART


def pilot(case: Case) -> Window:
    """Return the window of a pilot, which finds the pace of a closed or a paced loop."""
    if case.cell.workload.paced_rate_hz:
        return window(case, None)
    return free_running_pilot(case)


def window(case: Case, seconds_per_message: float | None) -> Window:
    """Return the timed window of a case, from its pilot's seconds per message."""
    rate_hz = case.cell.workload.paced_rate_hz
    if rate_hz:
        messages = max(PACED_MESSAGES, int(PACED_WINDOW_S * rate_hz))
        return Window(messages, warm_up=10, interval_s=1 / rate_hz, stamp_each=True)
    assert seconds_per_message
    return free_running_window(case, seconds_per_message, stamp_each=True)


def window_of_turns(case: Case, seconds_per_message: float, count: int) -> Window:
    """Return a window of so many turns of a closed loop, from its pilot's pace."""
    wanted = max(TURN_MESSAGES, TURN_S / seconds_per_message)
    per_turn = min(TURN_MESSAGES_MAX, wanted)
    return window_in_turns(case, per_turn, count, stamp_each=True)


def cost_s(case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
    """Return how many seconds a trial will take, from the times of its pilot."""
    made = window(case, sizing.seconds_per_message)
    interval_s = made.interval_s or sizing.seconds_per_message
    return needed_s(pilot, made.messages, made.messages * interval_s)


def take(
    case: Case,
    sizing: Sizing,
    logs: Path,
    rng: Random,
    servers: ForkServers | None = None,
) -> Measured:
    """Make one trial and return its value; raises the errors of ``run_trial``."""
    made = window(case, sizing.seconds_per_message)
    return measure(case, run_trial(case, made, logs, rng, servers=servers))


def late_p99_ns(driver: RoleRecord, rate_hz: float) -> int:
    """Return the 99th percentile of how late messages were given, in nanoseconds.

    A driver that is still busy with the last message asks late for the next. The one-way
    time does not include that wait, so it is kept beside it.
    """
    assert driver.given_ns is not None
    given_ns = driver.given_ns
    due_ns = given_ns[0] + np.arange(len(given_ns)) * int(1e9 / rate_hz)
    return max(0, int(quantile(given_ns - due_ns, 0.99)))


def samples_ns(consumer: RoleRecord, driver: RoleRecord) -> NDArray[np.int64]:
    """Return arrived minus given for each message of one consumer, in nanoseconds."""
    assert consumer.arrived_ns is not None
    assert consumer.heads is not None
    assert driver.given_ns is not None
    stamped = consumer.heads["sequence"][: len(consumer.arrived_ns)].astype(np.int64)
    return consumer.arrived_ns - driver.given_ns[stamped]


def _little(case: Case, trial: TrialRecord) -> float:
    given, arrived = [], []
    for consumer, driver in trial.pairs(case.cell.workload):
        assert driver.given_ns is not None
        assert consumer.arrived_ns is not None
        given.append(driver.given_ns)
        arrived.append(consumer.arrived_ns)
    return assert_little(given, arrived)  # the pause between turns is time to think


def measure(case: Case, trial: TrialRecord) -> Measured:
    """Return the median latency of a trial in seconds, with its percentiles and samples.

    Raises TrialError if no message was delivered or the contract was broken.
    """
    total = count(case, trial)
    metadata = common(case, trial, total)
    samples = {c.id: samples_ns(c, d) for c, d in trial.pairs(case.cell.workload)}
    windows_s: list[float] = []
    if trial.turn:
        by_turn = list(windows(case, trial, samples))
        samples = {role: np.concatenate([w[role] for w in by_turn]) for role in samples}
        windows_s = [quantile(_together(window), 0.5) / 1e9 for window in by_turn]
        metadata["window_means_ns"] = _words(_together(window).mean() for window in by_turn)
    percentiles = summary(_together(samples))
    metadata |= percentiles
    if case.cell.workload.lockstep:
        metadata["little_share"] = _little(case, trial)
    if rate_hz := case.cell.workload.paced_rate_hz:
        driver = trial.of(case.cell.workload.driver)[0]
        metadata["late_p99_ns"] = late_p99_ns(driver, rate_hz)
    value_s = median(windows_s) if windows_s else percentiles["p50_ns"] / 1e9
    refuse_unclear(trial, value_s, share=1.0)
    metadata["p50_ns"] = value_s * 1e9 if windows_s else percentiles["p50_ns"]
    return Measured(value_s, metadata, samples, windows_s)


def _together(samples: dict[str, NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(list(samples.values()))


def _words(numbers: Iterable[float]) -> str:
    """Return whole numbers as the one word that pyperf's metadata have room for."""
    return ",".join(f"{number:.0f}" for number in numbers)
