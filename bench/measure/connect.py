"""Connect: how long a new connection takes, from its beginning to its first reply.

The client connects, sends one request, takes its reply and closes. The time runs from the
moment at which the client's function is called to the moment at which it yields the reply.
So it has all that the first request needs: the client's objects, the handshakes of TCP and
of what runs over it, and one round trip. Libraries are loaded before. Closing comes after
the reply, and counts only in how soon the next connection begins.

Values are medians, in turns, as of latency (``bench.measure.latency``).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from bench.contract.model import Case
from bench.measure import latency
from bench.measure.common import (
    Measured,
    Sizing,
    free_running_pilot,
    free_running_window,
    needed_s,
    window_in_turns,
)
from bench.trial.fork_servers import ForkServers
from bench.trial.record import TrialRecord, Window
from bench.trial.trial import run_trial

ROUNDS = 6
"""How many turns of a block have a value: connections take long, and scatter less."""
TURN_S = 0.01
TURN_MESSAGES = 20
"""A turn lasts ``TURN_S``, and longer if it would hold fewer connections."""
TURN_MESSAGES_MAX = 200
"""The most connections of a turn: the kernel remembers each for a minute."""


def rounds(_: Case) -> int:
    """Return how many turns of a block have a value, those of any case."""
    return ROUNDS


def pilot(case: Case) -> Window:
    """Return the window of a pilot, which finds how long a connection takes."""
    return replace(free_running_pilot(case), afresh=True)


def window(case: Case, seconds_per_message: float) -> Window:
    """Return the timed window of a single trial, from its pilot's pace."""
    made = free_running_window(case, seconds_per_message, stamp_each=True)
    most = ROUNDS * TURN_MESSAGES_MAX
    return replace(made, messages=min(most, made.messages), afresh=True)


def window_of_turns(case: Case, seconds_per_message: float, count: int) -> Window:
    """Return a window of so many turns, from its pilot's pace."""
    wanted = max(TURN_MESSAGES, TURN_S / seconds_per_message)
    per_turn = min(TURN_MESSAGES_MAX, wanted)
    return replace(window_in_turns(case, per_turn, count, stamp_each=True), afresh=True)


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
    """Return the median time to the first reply in seconds, with percentiles and samples.

    Raises TrialError if no reply came or the contract was broken.
    """
    return latency.measure(case, trial)
