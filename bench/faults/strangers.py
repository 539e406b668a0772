"""Somebody who is no part of the workload connects: to say nonsense, or nothing at all."""

from __future__ import annotations

from functools import partial

from bench.cast import NEWCOMER
from bench.faults import WORKLOADS, Fault, Setup
from bench.network.helper import Helper
from bench.scene import Scene

LINGERS_S = 0.5
"""How long a stranger keeps its connections after it has sent what it had to send."""
FLOOD = 200
FLOOD_S = 2.0
DESCRIPTORS = 64
COMES_S = 0.5
SERVED_S = 4.0
"""How long a newcomer may wait once the flood is over."""
SILENT = 100
SILENT_S = (6, 31)
"""ZeroMQ gives a stranger 30 s to introduce itself."""


def intruder(scene: Scene) -> Helper:
    return scene.helper("bench.faults.intruder", seed=scene.rng.getrandbits(32))


def visited(scene: Scene, do: str) -> None:
    """Have an intruder do something at each port, and leave after a while."""
    stranger = intruder(scene)
    scene.fault()
    for name in scene.addresses:
        host, port = scene.port(name)
        stranger.ask(do=do, host=host, port=port)
    scene.wait(LINGERS_S)
    stranger.ask(do="leave")
    scene.healed()


def flooded(scene: Scene) -> None:
    """Hold more connections open than who binds may have files, and let somebody come.

    Connections that it has already are none of the stranger's business.
    """
    stranger = intruder(scene)
    host, port = scene.port()
    used_s = scene.cpu_s(scene.binder)
    scene.fault()
    stranger.ask(do="flood", host=host, port=port, count=FLOOD)
    scene.wait(COMES_S)
    newcomer = scene.newcomer
    if newcomer:
        scene.start(newcomer)
    scene.wait(FLOOD_S - COMES_S)
    scene.remarks["cpu_s_in_flood"] = scene.cpu_s(scene.binder) - used_s
    stranger.ask(do="leave")
    scene.healed()
    if newcomer:
        await_newcomer(scene, newcomer)


def await_newcomer(scene: Scene, name: str) -> None:
    """Note how long after its start a newcomer was served, or that it never was.

    A subscriber is owed what follows: how it joins is a matter of its own.
    """
    started_ns = scene.owed_from_ns[name]
    if not scene.wait_until(lambda: scene.watcher().first_ns(name) > 0, SERVED_S):
        scene.breach("a newcomer was not served")
        return
    first_ns = scene.watcher().first_ns(name)
    scene.remarks["newcomer_served_after_s"] = (first_ns - started_ns) / 1e9
    if not scene.cast[name].role.drives:
        scene.owed_from_ns[name] = first_ns


def silent(scene: Scene, for_s: float) -> None:
    """Open connections and say nothing; note how many are open still in the end."""
    stranger = intruder(scene)
    host, port = scene.port()
    scene.fault()
    stranger.ask(do="flood", host=host, port=port, count=SILENT)
    scene.wait(for_s)
    scene.remarks["still_open"] = stranger.ask(do="look")["open"]
    stranger.ask(do="leave")
    scene.healed()


FAULTS = (
    Fault(
        "garbage",
        "F11",
        "100 random blobs, a browser and 0xff on each port",
        WORKLOADS,
        partial(visited, do="litter"),
        lasts_s=2.0,
    ),
    Fault(
        "frame_announced",
        "F12",
        "a stranger announces 1 GiB",
        WORKLOADS,
        partial(visited, do="announce"),
        lasts_s=LINGERS_S,
    ),
    Fault(
        "connection_flood",
        "F13",
        "200 connections for 2 s, 64 descriptors",
        WORKLOADS,
        flooded,
        Setup(instances=3, late=(NEWCOMER,), descriptors=DESCRIPTORS),
        lasts_s=FLOOD_S,
    ),
    *(
        Fault(
            f"silent_connections_{seconds}s",
            "F14",
            f"100 connections silent for {seconds} s",
            WORKLOADS,
            partial(silent, for_s=seconds),
            lasts_s=seconds,
        )
        for seconds in SILENT_S
    ),
)
