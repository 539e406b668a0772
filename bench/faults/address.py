"""What is at an address is not what was expected: somebody is there already, or nobody."""

from __future__ import annotations

from bench.cast import BINDING, NEWCOMER, REPEATED
from bench.faults import WORKLOADS, Fault, Setup
from bench.faults.strangers import await_newcomer
from bench.scene import Scene

TWO_S = 1.0
"""How long a second process may try to have the address."""
TOLD_S = 4.0
"""By when somebody has to have been told: a request has three seconds."""
HEARD_S = 0.1
"""By when what a host says was heard."""


def address_taken(scene: Scene) -> None:
    """Start another who binds while the first lives; end it, and let somebody come."""
    second = scene.extra
    scene.fault()
    scene.go(second)
    scene.wait_until(lambda: scene.error_of(second) is not None, TWO_S)
    error = scene.error_of(second)
    scene.remarks["second_was_told"] = error or "nothing"
    if error is None:
        scene.breach("a second one was not told that the address is taken")
    scene.kill(second)
    scene.healed()
    if scene.newcomer:
        scene.start(scene.newcomer)
        await_newcomer(scene, scene.newcomer)


def nobody_there(scene: Scene) -> None:
    """Start the peers only: there is nobody at the address that they were given."""
    with scene.fault():
        for name in scene.repeated:
            scene.start(name)
    scene.healed()
    if not scene.wait_until(scene.was_told, TOLD_S):
        scene.breach(f"nobody was told within {TOLD_S:g} s")
    scene.wait(HEARD_S)
    raised = (scene.error_of(name) for name in scene.repeated)
    scene.remarks["said"] = next((error for error in raised if error), "nothing")


FAULTS = (
    *(
        Fault(
            name,
            "F15",
            title,
            WORKLOADS,
            address_taken,
            Setup(instances=3, extra=(BINDING,), late=(NEWCOMER,)),
            transport=transport,
            lasts_s=TWO_S,
        )
        for name, title, transport in (
            ("port_taken", "a second server at a port in use", "tcp"),
            ("path_taken", "a second server at a socket path in use", "ipc"),
        )
    ),
    *(
        Fault(
            name,
            "F16",
            title,
            WORKLOADS,
            nobody_there,
            Setup(late=(BINDING, REPEATED), isolated=True, look_up=look_up),
            hopeless=True,
            transport="tcp",
            watch_s=0.0,
            lasts_s=TOLD_S,
        )
        for name, title, look_up in (
            ("server_absent", "nobody listens", ""),
            ("name_unknown", "the server's name is not known", "nobody.invalid"),
        )
    ),
)
