"""Something stands still, and its connections stay open: nothing is closed or refused."""

from __future__ import annotations

from functools import partial

from bench.faults import WORKLOADS, Fault, Setup
from bench.scene import Scene

FROZEN_S = 2.0
STALLED_S = 4.0
OTHERS_MIN = 0.9
"""The contract: others lose no more than a tenth of their rate to who is stalled."""
WORK_S = 0.003
TIMES_SLOWER = 20
HEARD_S = 0.02
"""By when a host has heard what it was told: what is due until then may get through."""


def server_frozen(scene: Scene) -> None:
    """Stop who binds with SIGSTOP, and continue it later: the kernel still acknowledges."""
    with scene.fault():
        scene.freeze(scene.binder)
    scene.wait(FROZEN_S)
    scene.thaw(scene.binder)
    scene.healed()


def application_hung(scene: Scene) -> None:
    """Have the handle of one server or worker hang, while its other threads live."""
    with scene.fault():
        scene.tell(scene.handler, "hold", for_s=FROZEN_S)
        scene.wait(HEARD_S)
    scene.wait(FROZEN_S - HEARD_S)
    scene.healed()


def subscriber_stalled(scene: Scene) -> None:
    """Have one subscriber's application take nothing for a while; the other goes on.

    Meanwhile more is sent than the buffers of kernels and libraries hold.
    """
    scene.affects("subscribe.0")
    before = scene.share_in_time("subscribe.1")
    scene.fault()
    scene.tell("subscribe.0", "hold", for_s=STALLED_S)
    scene.wait(STALLED_S)
    share = scene.share_in_time("subscribe.1")
    if share < OTHERS_MIN * before:
        scene.breach(f"the other had {100 * share:.0f} % in time")
    scene.healed()


def worker_slow(scene: Scene, each_s: float) -> None:
    """Have one of the workers take long for each task, until the end of the trial."""
    scene.fault()
    scene.tell("work.0", "busy", each_s=each_s)
    scene.healed()


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
