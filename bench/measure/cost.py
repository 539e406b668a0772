"""Cost: the cost of a message to a server or driver at a fixed load, with many peers.

The load is the same for every program and every number of peers, so that CPU time and
wake-ups of the program that answers, publishes or distributes can be compared. At its own
saturation a program with more peers would get more messages, or give fewer. A message at a
low rate costs several times what it costs at saturation: the program wakes for each, and
its caches are cold. So a cost goes with its rate.

Request/reply: one client holds as many connections as the case has clients, and
``RATE_HZ["request_reply"]`` messages a second in all go over them in turn, evenly spaced.
pyperf's value is the median response time in seconds, from the moment at which each message
was due (``bench.measure.response``). The client is a crowd in C where one speaks the wire
of the server: a message that is due takes the next connection that waits for no reply. Else
it is the program's own, with one message under way at a time. Either is refused as the
generator of an open loop is.

Fan-out: ``RATE_HZ["fan_out"]`` messages a second are published, and every subscriber gets
each of them. The subscribers are connections of a crowd. A cost is of a message that was
published, and not of a delivery. pyperf's value is the median time in seconds from the
moment of giving to a subscriber, over all of them. ``last_p50_ns`` is the same to the last
of them.

Pipeline: ``RATE_HZ["pipeline"]`` tasks a second are dealt out to workers, which are a crowd
as well. A cost is of a task, to the program that distributes. pyperf's value is the median
time in seconds from the moment of giving a task to its result at the collector.

``others_cpu_share`` is the share of the CPUs that processes beside the run took.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
from numpy.typing import NDArray

from bench.contract.model import Case
from bench.measure import held, latency, response
from bench.measure.common import (
    Measured,
    Metadata,
    Sizing,
    common,
    costs,
    count,
    needed_s,
)
from bench.measure.percentiles import quantile, summary
from bench.trial.fork_servers import ForkServers
from bench.trial.record import TrialRecord, Window

RATE_HZ = {"request_reply": 1000.0, "fan_out": 50.0, "pipeline": 200.0}
PAYS = {"request_reply": "serve", "fan_out": "publish", "pipeline": "distribute"}
"""The role whose cost is measured, by workload: many peers are connected to it."""
MESSAGES = {"request_reply": 600, "fan_out": 40, "pipeline": 120}
JOINING_S = 0.002
"""How long a subscriber or a worker takes to join, at most."""
OWN = "own"
"""The name of a generator that is the program's own client."""

pilot = held.pilot


def window(case: Case) -> Window:
    """Return the window in which the peers carry the messages of a fixed load."""
    name = case.cell.workload.name
    return held.window(case, MESSAGES[name], RATE_HZ[name])


def cost_s(case: Case, sizing: Sizing, pilot: dict[str, float]) -> float:
    """Return how many seconds a trial will take, from the times of its pilot."""
    workload = case.cell.workload
    messages, rate_hz = MESSAGES[workload.name], RATE_HZ[workload.name]
    opening_s = case.instances * (
        sizing.seconds_per_message if workload.lockstep else JOINING_S
    )
    early_s = 0.0 if workload.lockstep else held.WARM_UP_OF_STREAMS / rate_hz
    return needed_s(pilot, messages, opening_s + early_s + messages / rate_hz)


def take(
    case: Case,
    sizing: Sizing,
    logs: Path,
    rng: Random,
    servers: ForkServers | None = None,
) -> Measured:
    """Make one trial and return its value; raises the errors of ``run_trial``.

    Its hosts are no copies, as of idle memory. Raises NotMeasurable for streams without a
    crowd.
    """
    del servers
    used: Metadata = {}

    def watch(trial: held.Held) -> None:
        before = trial.moment()
        trial.measure()
        after = trial.moment()
        used.update(held.memory(case, trial.unconnected, before.hosts))
        used.update(_wake_ups(case, before, after))
        if (share := after.others_share(before)) is not None:
            used["others_cpu_share"] = share

    lockstep = case.cell.workload.lockstep
    crowd = held.crowd_for(case) if lockstep else held.needed_crowd(case)
    trial = held.run(case, window(case), logs, rng, watch, crowd)
    measured = (_of_replies if lockstep else _of_stream)(case, trial, sizing)
    measured.metadata |= used
    measured.metadata["generator"] = crowd.id if crowd else OWN
    return measured


def _wake_ups(case: Case, before: held.Moment, after: held.Moment) -> Metadata:
    messages = MESSAGES[case.cell.workload.name]
    then = held.by_role(before.hosts)
    return {
        f"{role}_wake_ups_per_message": max(0, use.wake_ups - then[role].wake_ups)
        / messages
        for role, use in held.by_role(after.hosts).items()
    }


def _of_replies(case: Case, trial: TrialRecord, sizing: Sizing) -> Measured:
    rate_hz = RATE_HZ[case.cell.workload.name]
    measured = response.measure(case, trial, replace(sizing, rate_hz=rate_hz))
    del measured.metadata["saturation_hz"]  # the pace is that of opening connections
    return measured


def _of_stream(case: Case, trial: TrialRecord, _: Sizing) -> Measured:
    workload, rate_hz = case.cell.workload, RATE_HZ[case.cell.workload.name]
    metadata = common(case, trial, count(case, trial))
    (driver,) = trial.of(workload.driver)
    assert driver.given_ns is not None
    samples_ns = np.concatenate(
        [latency.samples_ns(c, d) for c, d in trial.pairs(workload)]
    )
    percentiles = summary(samples_ns)
    metadata |= percentiles
    metadata |= costs(trial, driver.counts["given"])
    if workload.consumer.name == workload.repeated:
        metadata["last_p50_ns"] = quantile(_last_ns(case, trial), 0.5)
    metadata["late_p99_ns"] = latency.late_p99_ns(driver, rate_hz)
    metadata["offered_hz"] = rate_hz
    samples = {workload.consumer.name: samples_ns}
    return Measured(percentiles["p50_ns"] / 1e9, metadata, samples)


def _last_ns(case: Case, trial: TrialRecord) -> NDArray[np.int64]:
    """Return how long each message took to the last that got it, shape (messages,)."""
    last: dict[int, int] = {}
    for consumer, driver in trial.pairs(case.cell.workload):
        assert consumer.heads is not None
        sequences = consumer.heads["sequence"].tolist()
        took_ns = latency.samples_ns(consumer, driver).tolist()
        for sequence, ns in zip(sequences, took_ns, strict=False):
            last[sequence] = max(ns, last.get(sequence, 0))
    return np.array(list(last.values()), dtype=np.int64)
