"""Throughput: seconds per delivered message, counted where messages are consumed.

From the first message that a driver pulls to the last one that a consumer yields. Sums
over subscribers; losses stand beside it. Its inverse is messages per second: times are
what pyperf keeps, and averaging times averages rates correctly.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from bench.contract import Case
from bench.measure.measured import (
    Measured,
    Sizing,
    common,
    consumed,
    count,
    free_running_pilot,
    free_running_window,
    needed_s,
    window_s,
)
from bench.records import TrialRecord, Window
from bench.trial import run_trial

PACE = "seconds_per_message_given"
"""Metadata: how fast one driver gives; windows are sized by it, lossy ones too."""


def pilot(case: Case) -> Window:
    """Return the window that finds out how many messages fill the timed one."""
    return free_running_pilot(case)


def window(case: Case, seconds_per_message: float | None) -> Window:
    """Return the timed window of a case, from its pilot's seconds per message given."""
    assert seconds_per_message
    return free_running_window(case, seconds_per_message, stamp_each=False)


def cost_s(case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
    """Return how many seconds a trial will take, from what its pilot took."""
    messages = window(case, sizing.seconds_per_message).messages
    return needed_s(pilot, messages, messages * sizing.seconds_per_message)


def take(case: Case, sizing: Sizing, logs: Path, rng: Random) -> Measured:
    """Make one trial and return what it came to; errors as of ``run_trial``."""
    made = window(case, sizing.seconds_per_message)
    return measure(case, run_trial(case, made, logs, rng))


def measure(case: Case, trial: TrialRecord) -> Measured:
    """Return seconds per delivered message of a trial.

    Raises TrialError when nothing was delivered or the contract was broken.
    """
    total = count(case, trial)
    metadata = common(case, trial, total)
    pairs = list(consumed(case, trial))
    covered = sum(consumer.counts["covered"] for consumer, _ in pairs)
    seconds = window_s(case, trial)
    metadata[PACE] = seconds / max(driver.counts["given"] for _, driver in pairs)
    return Measured(seconds / covered, metadata)
