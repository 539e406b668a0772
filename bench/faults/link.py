"""The link between the hosts fails: silently for some seconds, or with resets.

What is dropped is dropped between the hosts: a packet that its own sender's firewall
drops is reported to that sender's TCP, which then knows what no host ever knows.
"""

from __future__ import annotations

from functools import partial

from bench.cast import BINDING
from bench.faults import WORKLOADS, Fault, Setup
from bench.hosts.supervised import SUPERVISOR_S
from bench.scene import Scene

CUTS_S = (1, 2, 4, 8, 16)
POWER_S = 0.5
RESET_S = 0.5
"""And then some, less than others wait to try again: they must not be met in step."""


def link_cut(scene: Scene, for_s: float) -> None:
    """Drop every packet of both directions, and later none."""
    with scene.fault():
        scene.link.cut()
    scene.wait(for_s)
    scene.link.heal()
    scene.healed()


def link_reset(scene: Scene) -> None:
    """Answer every packet between the hosts with a reset for a while: both ends see it."""
    with scene.fault():
        scene.link.reset()
    scene.wait(RESET_S + scene.rng.uniform(0, SUPERVISOR_S))
    scene.link.heal()
    scene.healed()


def power_lost(scene: Scene) -> None:
    """Take away a host: its link first, so that nobody hears of it, then its processes."""
    with scene.fault():
        scene.link.cut()
        scene.kill(scene.binder)
    scene.wait(POWER_S + scene.rng.uniform(0, SUPERVISOR_S))
    scene.link.heal()
    scene.start_standby(scene.binder)
    scene.healed()


FAULTS = (
    *(
        Fault(
            f"link_cut_{seconds}s",
            "F6",
            f"link cut silently for {seconds} s",
            WORKLOADS,
            partial(link_cut, for_s=seconds),
            Setup(link=True),
            lasts_s=seconds,
            watch_s=8.0 + seconds,
        )
        for seconds in CUTS_S
    ),
    Fault(
        "link_reset",
        "F7",
        "connections reset, and refused for 0.5 s",
        WORKLOADS,
        link_reset,
        Setup(link=True),
        lasts_s=RESET_S,
    ),
    Fault(
        "power_lost",
        "F1",
        "server's host lost without a word, back after 0.5 s",
        WORKLOADS,
        power_lost,
        Setup(link=True, standby=(BINDING,)),
        lasts_s=POWER_S,
    ),
)
