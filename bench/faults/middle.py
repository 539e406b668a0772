"""The middle dies: a proxy through which everything passes, and which holds none of it."""

from __future__ import annotations

from bench.faults import Fault, Setup
from bench.faults.killed import DOWN_S, IN_HAND_S, let_rest, restart
from bench.scene import Scene

PROXY = "proxy.0"


def middle_killed(scene: Scene) -> None:
    """Kill the proxy while it has nothing to pass on."""
    let_rest(scene)
    with scene.fault():
        scene.kill(PROXY)
    restart(scene, PROXY)


def middle_killed_busy(scene: Scene) -> None:
    """Kill the proxy while requests are with the server, and replies to come."""
    scene.tell(scene.binder, "hold", for_s=2 * IN_HAND_S)
    scene.wait(IN_HAND_S)
    with scene.fault():
        scene.kill(PROXY)
    restart(scene, PROXY)


FAULTS = (
    Fault(
        "middle_killed",
        "F17",
        "proxy killed while idle, restarted after 0.5 s",
        ("request_reply", "fan_out"),
        middle_killed,
        Setup(standby=(PROXY,), middle=True),
        variant="proxied",
        lasts_s=DOWN_S,
    ),
    Fault(
        "middle_killed_busy",
        "F17",
        "proxy killed amid requests, restarted after 0.5 s",
        ("request_reply",),
        middle_killed_busy,
        Setup(standby=(PROXY,), middle=True),
        variant="proxied",
        lasts_s=DOWN_S + IN_HAND_S,
    ),
)
