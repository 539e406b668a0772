"""Something stands still, and its connections stay open: nothing is closed or refused."""

from __future__ import annotations

from functools import partial

from bench.faults.breach import BreachKind
from bench.faults.fault import WORKLOADS, Fault, Setup
from bench.faults.fault_trial import FaultTrial

FROZEN_S = 2.0
STALLED_S = 4.0
OTHERS_MIN = 0.9
"""The contract: a stalled peer costs the others at most a tenth of their rate."""
WORK_S = 0.003
TIMES_SLOWER = 20
HEARD_S = 0.02
"""By when a host has heard what it was told: what is due until then may get through."""


def server_frozen(trial: FaultTrial) -> None:
    """Stop the server with SIGSTOP, and continue it later: the kernel still
    acknowledges.
    """
    server = trial.participants.binder
    with trial.fault():
        trial.processes.freeze(server)
    trial.wait(FROZEN_S)
    trial.processes.thaw(server)
    trial.healed()


def application_hung(trial: FaultTrial) -> None:
    """Have the handle of one server or worker hang, while its other threads live."""
    with trial.fault():
        trial.processes.tell(trial.participants.handler, "hold", for_s=FROZEN_S)
        trial.wait(HEARD_S)
    trial.wait(FROZEN_S - HEARD_S)
    trial.healed()


def subscriber_stalled(trial: FaultTrial) -> None:
    """Have one subscriber's application take nothing for a while; the other goes on.

    Meanwhile more is sent than the buffers of kernels and libraries hold.
    """
    trial.affects("subscribe.0")
    before = trial.share_in_time("subscribe.1")
    trial.fault()
    trial.processes.tell("subscribe.0", "hold", for_s=STALLED_S)
    trial.wait(STALLED_S)
    share = trial.share_in_time("subscribe.1")
    if share < OTHERS_MIN * before:
        trial.breach(BreachKind.OTHERS_SLOWED, f"{100 * share:.0f} % in time")
    trial.healed()


def worker_slow(trial: FaultTrial, each_s: float) -> None:
    """Have one of the workers take long for each task, until the end of the trial."""
    trial.fault()
    trial.processes.tell("work.0", "busy", each_s=each_s)
    trial.healed()


FAULTS = (
    Fault(
        "server_frozen",
        "F2",
        "server frozen for 2 s",
        WORKLOADS,
        server_frozen,
        lasts_s=FROZEN_S,
    ),
    Fault(
        "application_hung",
        "F3",
        "application hung for 2 s, its threads alive",
        ("request_reply", "pipeline"),
        application_hung,
        lasts_s=FROZEN_S,
    ),
    Fault(
        "subscriber_stalled",
        "F9",
        "one subscriber stalled for 4 s, at 1000 messages a second",
        ("fan_out",),
        subscriber_stalled,
        Setup(rate_hz=1000.0, size_bytes=8192),
        lasts_s=STALLED_S,
    ),
    Fault(
        "worker_slow",
        "F10",
        "one worker 20 times slower",
        ("pipeline",),
        partial(worker_slow, each_s=TIMES_SLOWER * WORK_S),
        Setup(work_s=WORK_S),
    ),
)
