"""A message is larger than the contract allows."""

from __future__ import annotations

from bench.faults.fault import WORKLOADS, Fault
from bench.faults.fault_trial import FaultTrial

OVERSIZED_BYTES = 20 << 20
"""Frames end at 16 MiB; a server of HTTP's takes 1 MiB unless it is told to take more."""
SEEN_S = 0.5


def message_oversized(trial: FaultTrial) -> None:
    """Have a driver send a message of 20 MiB, and then such as before.

    Where there are several, the service of the others is what counts.
    """
    *others, sender = trial.participants.drivers
    if others:
        trial.affects(sender)
    trial.fault()
    trial.processes.tell(sender, "enlarge", size_bytes=OVERSIZED_BYTES)
    trial.wait(SEEN_S)
    trial.healed()


FAULTS = (
    Fault(
        "message_oversized",
        "F12",
        "one message of 20 MiB",
        WORKLOADS,
        message_oversized,
        refusals=1,
        lasts_s=SEEN_S,
    ),
)
