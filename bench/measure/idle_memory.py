"""Idle memory: the cost of a connection that is open and carries nothing.

One client opens as many connections as the case has clients, and each gets one reply. Then
nothing is sent for ``REST_S``, and after that ``RATE_HZ`` messages a second in all, over
the connections in turn.

A connection's memory is what the server has more than before the first connection, divided
by their number: resident heaps and stacks of all its processes. Memory that a library
claims once is shared by them. A single connection shows it, and a thousand do not. Buffers
of the kernel are not in it. CPU time and wake-ups are of the server's and of the client's
processes, at rest and at that rate. A wake-up is a voluntary context switch: a thread
waited, and went on.

pyperf's value is the median time of the replies at that rate, in seconds.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np

from bench.contract.model import Case
from bench.measure import held
from bench.measure.common import Measured, Metadata, Sizing, count, needed_s, window_s
from bench.measure.latency import samples_ns
from bench.measure.percentiles import summary
from bench.trial.fork_servers import ForkServers
from bench.trial.record import TrialRecord, Window

RATE_HZ = 10.0
MESSAGES = 10
REST_S = 0.5
REST, PACED = "rest", "paced"
"""At rest, and at ``RATE_HZ``: parts of the names of metadata."""

pilot = held.pilot


def window(case: Case) -> Window:
    """Return the window in which the connections carry ``RATE_HZ`` messages a second."""
    return held.window(case, MESSAGES, RATE_HZ)


def cost_s(case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
    """Return how many seconds a trial will take, from the times of its pilot."""
    opening_s = case.instances * sizing.seconds_per_message
    return needed_s(pilot, MESSAGES, opening_s + REST_S + MESSAGES / RATE_HZ)


def take(
    case: Case,
    sizing: Sizing,
    logs: Path,
    rng: Random,
    servers: ForkServers | None = None,
) -> Measured:
    """Make one trial and return its value; raises the errors of ``run_trial``.

    Its hosts are no copies: those would share memory with the process that made them.
    """
    del sizing, servers
    found: Metadata = {}

    def watch(trial: held.Held) -> None:
        opened = trial.uses()
        trial.group.hear_for(REST_S)
        rested = trial.uses()
        trial.measure()
        found.update(held.memory(case, trial.unconnected, rested))
        found.update(held.loads(REST, opened, rested))
        found.update(held.loads(PACED, rested, trial.uses()))

    return _measured(case, held.run(case, window(case), logs, rng, watch), found)


def _measured(case: Case, trial: TrialRecord, found: Metadata) -> Measured:
    total = count(case, trial)
    samples = {c.id: samples_ns(c, d) for c, d in trial.pairs(case.cell.workload)}
    percentiles = summary(np.concatenate(list(samples.values())))
    metadata: Metadata = {
        "window_s": window_s(case, trial),
        "given": total.given,
        "delivered": total.delivered,
        "lost": total.lost,
        "join_s": trial.join_s,
        "trial_s": trial.total_s,
        **percentiles,
        **found,
    }
    return Measured(percentiles["p50_ns"] / 1e9, metadata, samples)
