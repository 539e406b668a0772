"""A process dies in the middle of a message: half of it has arrived, the rest never
will.
"""

from __future__ import annotations

from bench.errors import TrialError
from bench.faults.catalogue.halfway import MESSAGE_BYTES
from bench.faults.fault import Fault, Setup
from bench.faults.fault_trial import FaultTrial
from bench.faults.participants import REPEATED

HALFWAY_S = 10.0


def dead_midway(trial: FaultTrial) -> None:
    """Kill one more client or worker when half of what it sends first has arrived."""
    victim = trial.participants.extra
    trial.go(victim)
    if not trial.wait_until(lambda: trial.network.relays.ask()["reached"], HALFWAY_S):
        raise TrialError(f"nothing was half sent within {HALFWAY_S:g} s")
    with trial.fault():
        trial.processes.kill(victim)
    trial.healed()


FAULTS = (
    Fault(
        "client_dead_midway",
        "F4",
        "client dead in the middle of a request",
        ("request_reply",),
        dead_midway,
        Setup(extra=(REPEATED,), relayed=True, rate_hz=25.0, size_bytes=MESSAGE_BYTES),
    ),
    Fault(
        "worker_dead_midway",
        "F4",
        "worker dead in the middle of a result",
        ("pipeline",),
        dead_midway,
        Setup(extra=(REPEATED,), relayed=True, rate_hz=25.0, size_bytes=MESSAGE_BYTES),
    ),
)
