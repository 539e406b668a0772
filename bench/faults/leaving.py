"""A driver has sent what it had to send and returns, as a script does at its end."""

from __future__ import annotations

from bench.faults import WORKLOADS, Fault, Setup
from bench.scene import Scene

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


def leaves(scene: Scene) -> None:
    """Have the drivers send a last lot and leave; note whether and when they were gone.

    Who must wait for each reply has no more than one message that is not sent.
    """
    with scene.fault():
        scene.leave(1 if scene.workload.lockstep else MESSAGES)
    scene.healed()

    def gone() -> bool:
        return all(map(scene.has_left, scene.drivers))

    def over() -> bool:
        return gone() or scene.since_given_s() > LEAVE_S + A_MOMENT_S

    scene.wait_until(over, AT_MOST_S)
    scene.remarks["left_after_s"] = scene.since_given_s() if gone() else "never"
    if not gone():
        scene.breach(f"not gone {LEAVE_S:g} s after its last message")


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
