"""A driver has sent what it had to send and returns, as a script does at its end."""

from __future__ import annotations

from bench.faults.breach import BreachKind
from bench.faults.fault import WORKLOADS, Fault, Setup
from bench.faults.fault_trial import FaultTrial

MESSAGES = 500
MESSAGE_BYTES = 8192
"""Four megabytes are more than a kernel takes off a program's hands at once."""
LEAVE_S = 5.0
"""The contract's time, from the last message that the program was given."""
A_MOMENT_S = 1.0
"""For a loaded machine, in which to end an interpreter takes time."""
AT_MOST_S = 30.0
"""For a program that takes its messages slowly."""
DRIVERS = ("call", "publish", "distribute")
RECEIVERS = ("serve", "subscribe", "work")


def leaves(trial: FaultTrial) -> None:
    """Let the drivers send their last messages and leave; record whether and when they
    ended. A driver that waits for each reply has at most one unsent message.
    """
    with trial.fault():
        trial.leave(1 if trial.workload.lockstep else MESSAGES)
    trial.healed()

    def gone() -> bool:
        return all(map(trial.processes.has_left, trial.participants.drivers))

    def over() -> bool:
        return gone() or trial.since_given_s() > LEAVE_S + A_MOMENT_S

    trial.wait_until(over, AT_MOST_S)
    trial.remarks["left_after_s"] = trial.since_given_s() if gone() else "never"
    if not gone():
        trial.breach(BreachKind.NOT_GONE, f"{LEAVE_S:g} s after its last message")


FAULTS = (
    Fault(
        "leaves",
        "F18",
        "driver returns with unsent messages",
        WORKLOADS,
        leaves,
        Setup(leaves=DRIVERS, size_bytes=MESSAGE_BYTES),
        hopeless=True,
        watch_s=0.0,
        lasts_s=LEAVE_S,
    ),
    Fault(
        "leaves_alone",
        "F18",
        "driver returns, nobody was there",
        WORKLOADS,
        leaves,
        Setup(leaves=DRIVERS, late=(*DRIVERS, *RECEIVERS), size_bytes=MESSAGE_BYTES),
        hopeless=True,
        watch_s=0.0,
        lasts_s=LEAVE_S,
    ),
)
