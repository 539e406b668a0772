"""A process dies by SIGKILL: no farewell, the kernel closes its connections."""

from __future__ import annotations

from bench.cast import BINDING
from bench.faults import WORKLOADS, Fault, Setup
from bench.hosts.supervised import SUPERVISOR_S
from bench.scene import Scene

DOWN_S = 0.5
"""And then some, less than others wait to try again: they must not be met in step."""
IN_HAND_S = 0.25
"""How long a process gathers messages, held up, before it is killed with them."""
HELD_S = 2.0
REST_S = 0.3


def restart(scene: Scene, name: str) -> None:
    """Start again after a while who was killed.

    The new one was imported beforehand: what is measured is the recovery of the others,
    not how long Python takes to start.
    """
    scene.wait(DOWN_S + scene.rng.uniform(0, SUPERVISOR_S))
    scene.start_standby(name)
    scene.healed()


def let_rest(scene: Scene) -> None:
    """Have clients ask nothing for a moment, so that whoever answers them is idle."""
    for name in scene.drivers:
        scene.tell(name, "hold", for_s=REST_S)
    scene.wait(REST_S / 3)


def server_killed(scene: Scene) -> None:
    """Kill who binds (server, publisher, distributor) while nobody waits for it."""
    let_rest(scene)
    with scene.fault():
        scene.kill(scene.binder)
    restart(scene, scene.binder)


def server_killed_busy(scene: Scene) -> None:
    """Kill the server while it has requests in hand."""
    scene.tell(scene.binder, "hold", for_s=HELD_S)
    scene.wait(IN_HAND_S)
    with scene.fault():
        scene.kill(scene.binder)
    restart(scene, scene.binder)


def worker_killed(scene: Scene) -> None:
    """Kill one of the workers while it has tasks in hand; nobody starts it again.

    All are held up: else an idle one would be given what there is to do.
    """
    victim, *others = scene.repeated
    scene.tell(victim, "hold", for_s=HELD_S)
    for name in others:
        scene.tell(name, "hold", for_s=IN_HAND_S)
    scene.wait(IN_HAND_S)
    with scene.fault():
        scene.kill(victim)
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
