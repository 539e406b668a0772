"""Latency: how long one message takes, on a path that is otherwise idle.

Request/reply: the round trip in a closed loop, one request at a time. Fan-out and
pipeline: one way, from the moment the driver pulls a message to the moment a subscriber
or the collector yields it, paced at the workload's declared low rate. All processes of
a host share the monotonic clock, so a one-way time is real. The value of a trial is the
median of its samples; every sample is kept.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from bench.contract import Case
from bench.measure.closed_loop import assert_little
from bench.measure.measured import (
    Measured,
    Sizing,
    common,
    consumed,
    count,
    free_running_pilot,
    free_running_window,
    needed_s,
)
from bench.records import RoleRecord, TrialRecord, Window
from bench.stats import quantile, summary
from bench.trial import run_trial

PACED_MESSAGES = 60
PACED_WINDOW_S = 0.4
"""A paced window lasts so long, and longer where it would hold fewer messages."""


def pilot(case: Case) -> Window:
    """Return the window that finds out how fast a closed loop turns, or a paced one."""
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


def cost_s(case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
    """Return how many seconds a trial will take, from what its pilot took."""
    made = window(case, sizing.seconds_per_message)
    interval_s = made.interval_s or sizing.seconds_per_message
    return needed_s(pilot, made.messages, made.messages * interval_s)


def take(case: Case, sizing: Sizing, logs: Path, rng: Random) -> Measured:
    """Make one trial and return what it came to; errors as of ``run_trial``."""
    made = window(case, sizing.seconds_per_message)
    return measure(case, run_trial(case, made, logs, rng))


def late_p99_ns(driver: RoleRecord, rate_hz: float) -> int:
    """Return by how much messages were given after they were due, p99 in nanoseconds.

    A driver that is still busy with the last message asks late for the next; its
    one-way time does not hold that wait, so it stands beside it.
    """
    assert driver.given_ns is not None
    given_ns = driver.given_ns
    due_ns = given_ns[0] + np.arange(len(given_ns)) * int(1e9 / rate_hz)
    return max(0, int(quantile(given_ns - due_ns, 0.99)))


def samples_ns(consumer: RoleRecord, driver: RoleRecord) -> NDArray[np.int64]:
    """Return arrived minus given of each message one consumer saw, in nanoseconds."""
    assert consumer.arrived_ns is not None
    assert consumer.heads is not None
    assert driver.given_ns is not None
    stamped = consumer.heads["sequence"][: len(consumer.arrived_ns)].astype(np.int64)
    return consumer.arrived_ns - driver.given_ns[stamped]


def _little(case: Case, trial: TrialRecord) -> float:
    given, arrived = [], []
    for consumer, driver in consumed(case, trial):
        assert driver.given_ns is not None
        assert consumer.arrived_ns is not None
        given.append(driver.given_ns)
        arrived.append(consumer.arrived_ns)
    return assert_little(given, arrived)


def measure(case: Case, trial: TrialRecord) -> Measured:
    """Return the median latency of a trial in seconds, with its percentiles and samples.

    Raises TrialError when nothing was delivered or the contract was broken.
    """
    total = count(case, trial)
    metadata = common(case, trial, total)
    samples = {c.id: samples_ns(c, d) for c, d in consumed(case, trial)}
    percentiles = summary(np.concatenate(list(samples.values())))
    metadata |= percentiles
    if case.cell.workload.lockstep:
        metadata["little_share"] = _little(case, trial)
    if rate_hz := case.cell.workload.paced_rate_hz:
        driver = trial.of(case.cell.workload.driver)[0]
        metadata["late_p99_ns"] = late_p99_ns(driver, rate_hz)
    return Measured(percentiles["p50_ns"] / 1e9, metadata, samples)
