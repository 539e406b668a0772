"""Faults of a topology: each box is struck in turn, and an operator changes the servers.

They are made from the topology and from the wiring of a program: nobody lists them. Nothing
is restarted, because survival is what is asked. The victim is one copy of the box, at
random; a box that is cut off is the first copy, which has a host of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from bench.contract.model import Cell
from bench.contract.topology import Box, Topology, edited, reconfigures
from bench.errors import TrialError
from bench.faults.database import POSTGRES, Postgres
from bench.faults.fault import Fault, Setup
from bench.faults.fault_trial import FaultTrial
from bench.faults.processes import READY_S

NUMBER = ""
"""They have no place in the catalogue."""
WATCH_S = 4.0
"""How long requests are counted after a blow, or after a change."""
TIMELY_S = 2.0
"""The longest time from due to answered of a request that counts as served."""
CALM_S = 10.0
BUSY_S = 0.1
"""How long a victim holds its requests. It is killed in the middle of this."""
APART_S = 0.2
"""An operator restarts one process at a time, this far apart."""
LINGER_S = 0.5
"""How long a server that nobody lists any more still runs, as a drained one does."""
CALM = "calm"
ADDED, REMOVED = "server_added", "server_removed"


def faults(topology: Topology, cell: Cell) -> dict[str, Fault]:
    """Return the faults that this program of a topology can meet, by name; calm first.

    There is a calm trial with each store, and with another number of clients no other one.
    A database that is a process can be struck as well.
    """
    make = partial(_fault, topology, cell)
    first, *others = topology.stores
    found = [make(CALM, "nothing happens", calm, first)]
    found += [make(f"{CALM}_{store}", "nothing happens", calm, store) for store in others]
    if topology.client.count not in topology.clients:
        for box, how in _blows(topology, cell):
            name, title = f"box_{how}_{box.name}", f"one {box.name} {how.replace('_', ' ')}"
            if box.kind == "database":
                found.append(make(name, title, kill_database, POSTGRES))
            elif how == CUT:
                found.append(make(name, title, cut_off, first, apart=f"{box.role}.0"))
            else:
                blow = partial(strike, role=box.role, blow=BLOWS[how])
                found.append(make(name, title, blow, first))
        if topology.server.count > 1:
            extra = (topology.server.role,)
            add = partial(add_server, topology=topology)
            remove = partial(remove_server, topology=topology)
            found += [
                make(ADDED, "a server added under load", add, first, extra=extra),
                make(REMOVED, "a server removed under load", remove, first),
            ]
    return {fault.name: fault for fault in found}


def _blows(topology: Topology, cell: Cell) -> Iterator[tuple[Box, str]]:
    plays = {role.name: role for role in cell.workload.roles}
    for box in topology.boxes:
        if box.role in plays and box.kind != "client":
            busy = plays[box.role].handles
            yield from ((box, how) for how in BLOWS if busy or how != KILLED_BUSY)
            yield box, CUT
        elif box.kind == "database" and POSTGRES in topology.stores:
            yield box, KILLED


def _fault(
    topology: Topology,
    cell: Cell,
    name: str,
    title: str,
    inject: Callable[[FaultTrial], None],
    store: str,
    **special: Any,
) -> Fault:
    client, server = topology.client, topology.server
    several = server.count > 1
    setup = Setup(
        instances=client.count,
        counts={server.role: server.count} if several else {},
        together=client.together,
        at_random=True,
        store=store,
        drain_s=TIMELY_S,
        rate_hz=client.rate_hz,
        link="apart" in special,
        **special,
    )
    return Fault(name, NUMBER, title, (cell.workload.name,), inject, setup, watch_s=0.0)


# -- what happens --------------------------------------------------------------------------


def calm(trial: FaultTrial) -> None:
    """Do nothing for a while, which counts as what follows a blow."""
    with trial.fault():
        pass
    trial.wait(CALM_S)
    trial.healed()


def kill_busy(trial: FaultTrial, victim: str) -> None:
    """Kill a server that has requests in hand."""
    trial.processes.tell(victim, "hold", for_s=BUSY_S)
    trial.wait(BUSY_S / 2)
    trial.processes.kill(victim)


def kill(trial: FaultTrial, victim: str) -> None:
    trial.processes.kill(victim)


def freeze(trial: FaultTrial, victim: str) -> None:
    """Stop a box without closing its connections: the kernel still accepts others."""
    trial.processes.freeze(victim)


KILLED, KILLED_BUSY, FROZEN, CUT = "killed", "killed_busy", "frozen", "cut"
BLOWS = {KILLED: kill, KILLED_BUSY: kill_busy, FROZEN: freeze}


def strike(trial: FaultTrial, role: str, blow: Callable[[FaultTrial, str], None]) -> None:
    """Give one of the boxes that play a role a blow, and let clients go on."""
    victim = trial.rng.choice([*trial.participants.named([role])])
    with trial.fault():
        blow(trial, victim)
    trial.wait(WATCH_S)
    trial.healed()


def cut_off(trial: FaultTrial) -> None:
    """Lose every packet between a box and all others, silently, and let clients go on."""
    with trial.fault():
        trial.network.link.cut()
    trial.wait(WATCH_S)
    trial.healed()


def kill_database(trial: FaultTrial) -> None:
    """Kill the database, and let clients go on. Raises TrialError if it has no process."""
    if not isinstance(trial.database, Postgres):
        raise TrialError(f"only a database with a process can be killed: use {POSTGRES!r}")
    with trial.fault():
        trial.database.kill()
    trial.wait(WATCH_S)
    trial.healed()


def add_server(trial: FaultTrial, topology: Topology) -> None:
    """Start a server, then have all who list servers list it too, as an operator would."""
    extra = trial.participants.extra
    trial.network.listed.add(extra)
    change = _Change(trial, topology)
    with trial.fault():
        trial.start(extra)
    change.make()
    trial.healed()
    trial.wait(WATCH_S)


def remove_server(trial: FaultTrial, topology: Topology) -> None:
    """Take a server from all lists, and end it with SIGTERM a little later."""
    victim = trial.rng.choice([*trial.participants.named([topology.server.role])])
    trial.network.listed.remove(victim)
    change = _Change(trial, topology)
    with trial.fault():
        pass
    change.make()
    trial.wait(LINGER_S)
    trial.processes.ask_to_end(victim)
    trial.healed()
    trial.wait(WATCH_S)


class _Change:
    """Another list of servers for all that have one, given to one process at a time.

    It counts the operator's work: ``edits`` of boxes that have a list of servers,
    ``reloads`` of those that take a new one, ``restarts`` of the others. A program that is
    started again has all imported before.
    """

    def __init__(self, trial: FaultTrial, topology: Topology) -> None:
        self._trial, participants = trial, trial.participants
        self._reload = reconfigures(trial.case.cell)
        boxes = edited(topology, trial.case.cell)
        names = [n for box in boxes for n in participants.named([box.role])]
        names = [name for name in names if not participants[name].extra]
        crowds = {participants[name].host: list[str]() for name in names}
        for name in names:
            crowds[participants[name].host].append(name)
        self._crowds = [*crowds.values()]
        trial.remarks |= {"edits": len(names), "reloads": len(names) * self._reload}
        trial.remarks["restarts"] = len(names) * (not self._reload)
        if not self._reload:
            for crowd in self._crowds:
                trial.processes.stand_by(crowd)
            trial.processes.expect("no standby was ready", READY_S, trial.group.all_ready)
            trial.wait(APART_S)

    def make(self) -> None:
        for crowd in self._crowds:
            self._give(crowd)
            self._trial.wait(APART_S)

    def _give(self, crowd: list[str]) -> None:
        trial = self._trial
        if self._reload:
            urls = trial.network.urls(trial.participants[crowd[0]])
            trial.processes.tell(crowd[0], "reconfigure", addresses=urls)
            return
        trial.processes.kill(crowd[0])
        for name in crowd:
            trial.start_standby(name)
