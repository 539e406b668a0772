"""A process dies by SIGKILL: no farewell, the kernel closes its connections."""

from __future__ import annotations

from bench.faults import WORKLOADS, Fault, Setup
from bench.scene import BINDING, Scene

DOWN_S = 0.5
IN_HAND_S = 0.25
"""How long a process gathers messages, held up, before it is killed with them."""
HELD_S = 2.0


def server_killed(scene: Scene) -> None:
    """Kill who binds (server, publisher, distributor), and start it again after a while.

    The new one was imported beforehand: what is measured is the recovery of the others,
    not how long Python takes to start.
    """
    scene.fault()
    scene.kill(scene.binder)
    scene.wait(DOWN_S)
    scene.start_standby(scene.binder)
    scene.healed()


def server_killed_busy(scene: Scene) -> None:
    """As ``server_killed``, at a moment at which the server has requests in hand."""
    scene.tell(scene.binder, "hold", for_s=HELD_S)
    scene.wait(IN_HAND_S)
    server_killed(scene)


def worker_killed(scene: Scene) -> None:
    """Kill one of the workers while it has tasks in hand; nobody starts it again."""
    scene.tell("work.0", "hold", for_s=HELD_S)
    scene.wait(IN_HAND_S)
    scene.fault()
    scene.kill("work.0")
    scene.healed()


FAULTS = (
    Fault(
        "server_killed",
        "F1",
        "server killed while idle, restarted after 0.5 s",
        WORKLOADS,
        server_killed,
        Setup(standby=(BINDING,)),
        lasts_s=DOWN_S,
    ),
    Fault(
        "server_killed_busy",
        "F1",
        "server killed with requests in hand, restarted after 0.5 s",
        ("request_reply",),
        server_killed_busy,
        Setup(standby=(BINDING,)),
        lasts_s=DOWN_S + IN_HAND_S,
    ),
    Fault(
        "worker_killed",
        "F5",
        "worker killed with tasks in hand",
        ("pipeline",),
        worker_killed,
        lasts_s=IN_HAND_S,
    ),
)
