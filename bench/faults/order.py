"""Nothing breaks: somebody starts after the others, who have been there for a while."""

from __future__ import annotations

from functools import partial

from bench.cast import BINDING, REPEATED
from bench.faults import WORKLOADS, Fault, Setup
from bench.faults.killed import DOWN_S
from bench.hosts.supervised import SUPERVISOR_S
from bench.scene import Scene

ALONE_S = 1.0
"""How long one worker has more to do than it can."""
RATE_HZ = 25.0
EACH_S = 0.05
"""For each task, of which there is one in 0.04 s: two workers can do that."""


def missing_at_first(scene: Scene, role: str) -> None:
    """Start the one last whom the others look for, and have done for a while."""
    scene.fault()
    scene.wait(DOWN_S + scene.rng.uniform(0, SUPERVISOR_S))
    for name in scene.named([role]):
        scene.start(name)
    scene.healed()


def starts_last(scene: Scene, role: str) -> None:
    """Start those last who have a role. They are owed nothing that was due before."""
    with scene.fault():
        for name in scene.named([role]):
            scene.start(name)
    scene.healed()


def worker_joins(scene: Scene) -> None:
    """Have tasks take longer than one worker has time for, and then start another."""
    with scene.fault():
        for name in scene.repeated:
            scene.tell(name, "busy", each_s=EACH_S)
    scene.wait(ALONE_S)
    scene.start("work.1")
    scene.healed()


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
