"""Cost: the cost of a message to a server at a fixed load, over any number of connections.

One client holds as many connections as the case has clients. ``RATE_HZ`` messages a second
in all go over them in turn, evenly spaced. The load is the same for every program and for
every number of connections, so that CPU time and wake-ups of the server can be compared
between them. At its own saturation a program with more connections would get more messages.

A message at this rate costs several times what it costs at saturation: the server wakes for
each, and its caches are cold. So a cost goes with its rate.

pyperf's value is the median response time in seconds, from the moment at which each message
was due (``bench.measure.response``). The client is a crowd in C where one speaks the wire
of the server: a message that is due takes the next connection that waits for no reply. Else
it is the program's own, with one message under way at a time. Either is refused as the
generator of an open loop is.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from bench.contract.model import Case
from bench.measure import held, response
from bench.measure.common import Measured, Metadata, Sizing, needed_s
from bench.trial.fork_servers import ForkServers
from bench.trial.record import TrialRecord, Window

RATE_HZ = 1000.0
MESSAGES = 600
OWN = "own"
"""The name of a generator that is the program's own client."""

pilot = held.pilot


def window(case: Case) -> Window:
    """Return the window in which the connections carry ``RATE_HZ`` messages a second."""
    return held.window(case, MESSAGES, RATE_HZ)


def cost_s(case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
    """Return how many seconds a trial will take, from the times of its pilot."""
    opening_s = case.instances * sizing.seconds_per_message
    return needed_s(pilot, MESSAGES, opening_s + MESSAGES / RATE_HZ)


def take(
    case: Case,
    sizing: Sizing,
    logs: Path,
    rng: Random,
    servers: ForkServers | None = None,
) -> Measured:
    """Make one trial and return its value; raises the errors of ``run_trial``.

    Its hosts are no copies, as of idle memory.
    """
    del servers
    woken: dict[str, int] = {}

    def watch(trial: held.Held) -> None:
        before = held.by_role(trial.uses())
        trial.measure()
        for role, use in held.by_role(trial.uses()).items():
            woken[role] = max(0, use.wake_ups - before[role].wake_ups)

    crowd = held.crowd_for(case)
    trial = held.run(case, window(case), logs, rng, watch, crowd)
    measured = _measured(case, trial, sizing, woken)
    measured.metadata["generator"] = crowd.id if crowd else OWN
    return measured


def _measured(
    case: Case, trial: TrialRecord, sizing: Sizing, woken: dict[str, int]
) -> Measured:
    measured = response.measure(case, trial, replace(sizing, rate_hz=RATE_HZ))
    del measured.metadata["saturation_hz"]  # the pace is that of opening connections
    delivered = int(measured.metadata["delivered"])
    wake_ups: Metadata = {
        f"{role}_wake_ups_per_message": times / delivered for role, times in woken.items()
    }
    measured.metadata |= wake_ups
    return measured
