"""Throughput: seconds per delivered message, counted where messages are consumed.

The time is from the first message that a driver pulls to the last one that a consumer
yields. Messages add up over subscribers, and losses are kept beside the value. Its inverse
is messages per second. pyperf keeps times, and a mean of times gives the right mean rate.

Turns are counted whole, without a ramp: filling and draining belong to them. They are
shorter than the window of a trial, because a machine changes its speed within a long one.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from statistics import median

from bench.contract.model import Case
from bench.measure.common import (
    MESSAGES_MAX,
    MESSAGES_MIN,
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
from bench.measure.turns import spans
from bench.trial.fork_servers import ForkServers
from bench.trial.record import TrialRecord, Window
from bench.trial.trial import run_trial

ROUNDS = 4
"""How many turns of a block have a value. The median of five scatters no less."""
TURN_S = 0.05
"""How long a turn lasts. Filling and draining make the time per message 0.6 % longer than
in turns of 0.2 s (docs/method.md, "Blocks and rounds")."""
TURN_MESSAGES_MAX = MESSAGES_MAX
"""The most messages of a turn."""
CLOCK_SHARE = 0.005
"""The share of a window by which the clocks at its two ends may be wrong."""
PACE = "seconds_per_message_given"
"""The key of the pace of one driver, which sets the size of windows, lossy ones too."""


def rounds(_: Case) -> int:
    """Return how many turns of a block have a value, those of any case."""
    return ROUNDS


def pilot(case: Case) -> Window:
    """Return the window of a pilot, which counts the messages that fill a timed window."""
    return free_running_pilot(case)


def window(case: Case, seconds_per_message: float | None) -> Window:
    """Return the timed window of a case, from its pilot's seconds per message given."""
    assert seconds_per_message
    # A cell that may lose has no known last arrival.
    return free_running_window(case, seconds_per_message, stamp_each=case.cell.lossy)


def window_of_turns(case: Case, seconds_per_message: float, count: int) -> Window:
    """Return a window of so many turns, from its pilot's seconds per message given."""
    per_turn = max(MESSAGES_MIN, TURN_S / seconds_per_message)
    return window_in_turns(case, per_turn, count, stamp_each=case.cell.lossy)


def cost_s(case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
    """Return how many seconds a trial will take, from the times of its pilot."""
    messages = window(case, sizing.seconds_per_message).messages
    return needed_s(pilot, messages, messages * sizing.seconds_per_message)


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


def measure(case: Case, trial: TrialRecord) -> Measured:
    """Return seconds per delivered message of a trial.

    Raises TrialError if no message was delivered or the contract was broken.
    """
    total = count(case, trial)
    metadata = common(case, trial, total)
    pairs = list(trial.pairs(case.cell.workload))
    seconds = float(metadata["window_s"])
    metadata[PACE] = seconds / max(driver.counts["given"] for _, driver in pairs)
    refuse_unclear(trial, seconds, CLOCK_SHARE)
    if not trial.turn:
        return Measured(seconds / total.delivered, metadata)
    every = spans(case, trial)
    windows_s = [every[turn].seconds / every[turn].delivered for turn in trial.counted]
    return Measured(median(windows_s), metadata, windows_s=windows_s)
