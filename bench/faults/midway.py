"""Somebody dies in the middle of a message: half of it has arrived, the rest never will."""

from __future__ import annotations

from bench.cast import REPEATED
from bench.errors import TrialError
from bench.faults import Fault, Setup
from bench.faults.halfway import MESSAGE_BYTES
from bench.scene import Scene

HALFWAY_S = 10.0


def dead_midway(scene: Scene) -> None:
    """Kill one more client or worker when half of what it sends first has arrived."""
    scene.go(scene.extra)
    if not scene.wait_until(lambda: scene.relays.ask()["reached"], HALFWAY_S):
        raise TrialError(f"nothing was half sent within {HALFWAY_S:g} s")
    with scene.fault():
        scene.kill(scene.extra)
    scene.healed()


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
