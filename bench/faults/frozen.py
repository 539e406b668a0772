"""Something stands still, and its connections stay open: nothing is closed or refused."""

from __future__ import annotations

from functools import partial

from bench.faults import WORKLOADS, Fault, Setup
from bench.scene import Scene

FROZEN_S = 2.0


def server_frozen(scene: Scene) -> None:
    """Stop who binds with SIGSTOP, and continue it later: the kernel still acknowledges."""
    scene.fault()
    scene.freeze(scene.binder)
    scene.wait(FROZEN_S)
    scene.thaw(scene.binder)
    scene.healed()


def application_hung(scene: Scene) -> None:
    """Have the handle of one server or worker hang, while its other threads live."""
    scene.fault()
    scene.tell(scene.handler, "hold", for_s=FROZEN_S)
    scene.wait(FROZEN_S)
    scene.healed()


def subscriber_stalled(scene: Scene) -> None:
    """Have one subscriber's application take nothing for a while; the others go on."""
    scene.affects("subscribe.0")
    scene.fault()
    scene.tell("subscribe.0", "hold", for_s=FROZEN_S)
    scene.wait(FROZEN_S)
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
        "one subscriber stalled for 2 s at a high rate",
        ("fan_out",),
        subscriber_stalled,
        Setup(instances=3, rate_hz=2000.0, size_bytes=8192),
        lasts_s=FROZEN_S,
    ),
    Fault(
        "worker_slow",
        "F10",
        "one worker 20 times slower",
        ("pipeline",),
        partial(worker_slow, each_s=0.2),
        Setup(work_s=0.01, rate_hz=50.0),
    ),
)
