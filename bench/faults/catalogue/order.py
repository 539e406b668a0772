"""Nothing breaks: a process starts late, after the others have waited for it."""

from __future__ import annotations

from functools import partial

from bench.faults.catalogue.killed import DOWN_S
from bench.faults.fault import WORKLOADS, Fault, Setup
from bench.faults.fault_trial import FaultTrial
from bench.faults.participants import BINDING, REPEATED
from bench.hosts.supervised import SUPERVISOR_S

ALONE_S = 1.0
"""How long one worker has more to do than it can."""
RATE_HZ = 25.0
EACH_S = 0.05
"""For each task, of which there is one in 0.04 s: two workers can do that."""


def missing_at_first(trial: FaultTrial, role: str) -> None:
    """Start the process to which the others connect after they have tried for a while."""
    trial.fault()
    trial.wait(DOWN_S + trial.rng.uniform(0, SUPERVISOR_S))
    for name in trial.participants.named([role]):
        trial.start(name)
    trial.healed()


def starts_last(trial: FaultTrial, role: str) -> None:
    """Start all processes of a role last. Messages due before that are not theirs."""
    with trial.fault():
        for name in trial.participants.named([role]):
            trial.start(name)
    trial.healed()


def worker_joins(trial: FaultTrial) -> None:
    """Have tasks take longer than one worker has time for, and then start another."""
    with trial.fault():
        for name in trial.participants.repeated:
            trial.processes.tell(name, "busy", each_s=EACH_S)
    trial.wait(ALONE_S)
    trial.start("work.1")
    trial.healed()


FAULTS = (
    Fault(
        "server_last",
        "F8",
        "server started last",
        WORKLOADS,
        partial(missing_at_first, role=BINDING),
        Setup(late=(BINDING,)),
        lasts_s=DOWN_S,
    ),
    Fault(
        "peers_last",
        "F8",
        "clients, subscribers, workers started last",
        WORKLOADS,
        partial(starts_last, role=REPEATED),
        Setup(late=(REPEATED,)),
    ),
    Fault(
        "collector_last",
        "F8",
        "collector started last",
        ("pipeline",),
        partial(missing_at_first, role="collect"),
        Setup(late=("collect",)),
        lasts_s=DOWN_S,
    ),
    Fault(
        "subscriber_joins",
        "F8",
        "one more subscriber joins, at 500 messages a second",
        ("fan_out",),
        partial(starts_last, role="subscribe.1"),
        Setup(late=("subscribe.1",), rate_hz=500.0),
    ),
    Fault(
        "worker_joins",
        "F8",
        "too much for one worker, a second joins after 1 s",
        ("pipeline",),
        worker_joins,
        Setup(late=("work.1",), rate_hz=RATE_HZ),
        lasts_s=ALONE_S,
    ),
)
