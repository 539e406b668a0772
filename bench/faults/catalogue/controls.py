"""Controls: trials in which nothing breaks, with all that a trial with a fault has.

Their result must be perfect: everything kept, no message missed, and an outage of at most a
step of the grid. Any other result is an error of the harness.
"""

from __future__ import annotations

from bench.faults.fault import WORKLOADS, Fault, Setup
from bench.faults.fault_trial import FaultTrial


def nothing(trial: FaultTrial) -> None:
    """Say that there is a fault, and do nothing."""
    with trial.fault():
        pass
    trial.healed()


def cut_for_no_time(trial: FaultTrial) -> None:
    """Cut the link and heal it in one step, so that no packet can meet the cut."""
    with trial.fault():
        trial.network.link.blink()
    trial.healed()


FAULTS = (
    Fault("nothing", "F0", "no fault at all, a control", WORKLOADS, nothing),
    Fault(
        "link_cut_0s",
        "F0",
        "link cut for 0 s, a control",
        WORKLOADS,
        cut_for_no_time,
        Setup(link=True),
    ),
)
