"""A stranger connects that is no part of the workload, and sends garbage or nothing."""

from __future__ import annotations

from functools import partial

from bench.faults.breach import BreachKind
from bench.faults.fault import WORKLOADS, Fault, Setup
from bench.faults.fault_trial import FaultTrial
from bench.faults.network.helper import Helper
from bench.faults.participants import NEWCOMER

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


def intruder(trial: FaultTrial) -> Helper:
    return trial.network.helper(
        "bench.faults.catalogue.intruder", seed=trial.rng.getrandbits(32)
    )


def visited(trial: FaultTrial, do: str) -> None:
    """Have an intruder do something at each port, and leave after a while."""
    stranger = intruder(trial)
    trial.fault()
    for name in trial.network.addresses:
        host, port = trial.network.port(name)
        stranger.ask(do=do, host=host, port=port)
    trial.wait(LINGERS_S)
    stranger.ask(do="leave")
    trial.healed()


def flooded(trial: FaultTrial) -> None:
    """Hold more connections open than the server may have files, and let a peer connect.
    The stranger leaves existing connections alone.
    """
    stranger = intruder(trial)
    host, port = trial.network.port()
    server = trial.participants.binder
    used_s = trial.processes.cpu_s(server)
    trial.fault()
    stranger.ask(do="flood", host=host, port=port, count=FLOOD)
    trial.wait(COMES_S)
    newcomer = trial.participants.newcomer
    if newcomer:
        trial.start(newcomer)
    trial.wait(FLOOD_S - COMES_S)
    trial.remarks["cpu_s_in_flood"] = trial.processes.cpu_s(server) - used_s
    stranger.ask(do="leave")
    trial.healed()
    if newcomer:
        await_newcomer(trial, newcomer)


def await_newcomer(trial: FaultTrial, name: str) -> None:
    """Note how long after its start a newcomer was served, or that it never was.

    A subscriber is owed what follows: how it joins is a matter of its own.
    """
    started_ns = trial.schedule.owed_from_ns[name]
    if not trial.wait_until(lambda: trial.ledgers.first_ns(name) > 0, SERVED_S):
        trial.breach(BreachKind.NEWCOMER_NOT_SERVED)
        return
    first_ns = trial.ledgers.first_ns(name)
    trial.remarks["newcomer_served_after_s"] = (first_ns - started_ns) / 1e9
    if not trial.participants[name].role.drives:
        trial.schedule.owed_from_ns[name] = first_ns


def silent(trial: FaultTrial, for_s: float) -> None:
    """Open connections and say nothing; note how many are open still in the end."""
    stranger = intruder(trial)
    host, port = trial.network.port()
    trial.fault()
    stranger.ask(do="flood", host=host, port=port, count=SILENT)
    trial.wait(for_s)
    trial.remarks["still_open"] = stranger.ask(do="look")["open"]
    stranger.ask(do="leave")
    trial.healed()


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
