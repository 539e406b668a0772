"""One trial: hosts for every role of a case, and the order in which they are told.

Binding roles go first and are observed to listen; then the drivers, then those who
connect. Join lasts until every peer has been seen, warm-up is declared, the window is
opened by the harness and ends when everything has arrived or nothing more does. Nobody
sleeps until others are probably ready.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import addresses
from bench.contract import DIRECT, INPROC, Case, Cell, Role
from bench.errors import TrialError
from bench.placement import cpus_for
from bench.processes import (
    PADDING_BYTES_MAX,
    CpuTime,
    Events,
    HostProcess,
    host_program,
)
from bench.records import TrialRecord, Window, read_records
from bench.scratch import scratch_folder

READY_S = 20.0
JOIN_S = 10.0
WINDOW_S = 30.0
RESULT_S = 10.0
SETTLED_S = 0.2
"""Silence after which warm-up counts as over where some of it may have been lost."""
POLL_S = 0.005
PILOT_QUIET_S = 0.1
QUIET_S = 0.5
"""Silence after which what has not arrived counts as lost."""
LISTEN_POLL_S = 0.001
FIRST_WORKER = 1000
"""Workers sign warm-up results with numbers that no driver has."""
DEFAULT_CHECK_SIZE_BYTES = 64

Relay = Callable[[str], str]
CpuTimes = dict[str, dict[str, CpuTime]]


@dataclass
class _Progress:
    seen: set[tuple[str, int]] = field(default_factory=set)
    warmed: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)
    ready: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    build_s: float = 0.0
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def take(self, host: HostProcess, event: dict[str, Any]) -> None:
        match event["event"]:
            case "ready":
                self.ready.add(host.name)
                self.build_s = max(self.build_s, event["build_s"])
            case "seen":
                self.seen.add((event["role"], event["sender"]))
            case "warmed" | "finished" | "counted" | "returned" as milestone:
                getattr(self, milestone).add(event["role"])
            case "count":
                self.counts |= event["counts"]
            case "result":
                self.results[host.name] = event


class Trial:
    """The processes of one case while they live; use it with ``run_trial``."""

    def __init__(
        self,
        case: Case,
        window: Window,
        folder: Path,
        logs: Path,
        rng: random.Random,
        relay: Relay | None = None,
        played_by: Mapping[str, Cell] | None = None,
    ) -> None:
        self.case = case
        self.played_by = played_by or {}
        self.window = window
        self.folder = folder
        self.logs = logs
        self.workload = case.cell.workload
        self.relay = relay
        names = sorted({name for role in self.workload.roles for name in role.binds})
        self.bound = addresses.assign(names, case.transport, folder, rng)
        self.public = dict(self.bound)
        self.padding_bytes = rng.randrange(PADDING_BYTES_MAX)
        self.hosts: list[HostProcess] = []
        self.events: Events | None = None
        self.progress = _Progress()

    # -- who runs where ------------------------------------------------------------

    def instances(self, role: Role) -> list[str]:
        count = self.case.instances if role.name == self.workload.repeated else 1
        return [f"{role.name}.{number}" for number in range(count)]

    def _all(self, wanted: Callable[[Role], bool]) -> list[str]:
        return [
            name
            for role in self.workload.roles
            if wanted(role)
            for name in self.instances(role)
        ]

    def _table(self, role: Role, number: int) -> dict[str, Any]:
        urls = [self.bound[name] for name in role.binds]
        urls += [self.public[name] for name in role.connects]
        return {
            "id": f"{role.name}.{number}",
            "name": role.name,
            "addresses": urls,
            "drives": role.drives,
            "handles": role.handles,
            "consumes": role.consumes,
            "sender": number + (0 if role.drives else FIRST_WORKER),
            "expected": self.window.messages,
        }

    def _spec(
        self, cell: Cell, tables: list[dict[str, Any]], cpus: list[int]
    ) -> dict[str, Any]:
        window, case = self.window, self.case
        return {
            "cell": str(cell.path),
            "search": [str(folder) for folder in cell.search],
            "roles": tables,
            "cpus": cpus,
            "in_turn": case.transport == DIRECT,
            "messages": window.messages,
            "warm_up": window.warm_up,
            "size_bytes": DEFAULT_CHECK_SIZE_BYTES
            if window.sizes_bytes
            else case.size_bytes,
            "sizes_bytes": list(window.sizes_bytes),
            "checking": bool(window.sizes_bytes),
            "transforms": any(role.handles for role in self.workload.roles),
            "interval_s": window.interval_s,
            "stamp_each": window.stamp_each or window.limit_s is not None,
            "limit_s": window.limit_s,
            "rate_hz": window.rate_hz,
            "arrivals_seed": window.arrivals_seed,
            "evenly": window.evenly,
            "busy_ns": window.busy_ns,
            "stall_at": window.stall_at,
            "stall_ns": window.stall_ns,
            "folder": str(self.folder),
            "supervised": False,
            "leaves": False,
            "parent": os.getpid(),
        }

    def _spawn(self, name: str, tables: list[dict[str, Any]], cpus: list[int]) -> None:
        cell = self.played_by.get(tables[0]["name"], self.case.cell)
        self.hosts.append(
            HostProcess(
                name,
                self._spec(cell, tables, cpus),
                self.logs / f"{name}.log",
                self.padding_bytes,
                program=host_program(cell),
            )
        )

    def spawn(self) -> None:
        """Start a host for each role, or one for all where the transport has no reach."""
        case, tables = self.case, []
        for role in self.workload.roles:
            for number in range(len(self.instances(role))):
                tables.append((role, self._table(role, number)))
        if case.transport in (INPROC, DIRECT):
            together = [table for _, table in tables]
            self._spawn("all_roles", together, cpus_for(case.placement, drives=False))
        else:
            for role, table in tables:
                cpus = cpus_for(case.placement, role.drives)
                self._spawn(table["id"], [table], cpus)
        self.events = Events(self.hosts)

    # -- how it goes ---------------------------------------------------------------

    def _tell(self, do: str, ids: list[str]) -> None:
        for host in self.hosts:
            mine = [table["id"] for table in host.spec["roles"]]
            for role in ids:
                if role in mine:
                    host.tell(do, role=role)

    def _tell_all(self, do: str) -> None:
        for host in self.hosts:
            host.tell(do)

    def _await(self, what: str, timeout_s: float, done: Callable[[], bool]) -> None:
        assert self.events
        deadline = time.monotonic() + timeout_s
        while not done():
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise TrialError(f"{what} within {timeout_s:g} s: {self._state()}")
            for host, event in self.events.wait(left_s):
                self.progress.take(host, event)

    def _state(self) -> str:
        progress = self.progress
        return (
            f"seen {sorted(progress.seen) or 'nobody'}, "
            f"streams used up {sorted(progress.finished) or 'none'}, "
            f"returned {sorted(progress.returned) or 'none'}, "
            f"arrived {progress.counts or 'nothing'}{self._last_words()}"
        )

    def _last_words(self) -> str:
        words = [(host.name, host.last_words()) for host in self.hosts]
        return "".join(f"\n  {name} wrote:{said}" for name, said in words if said)

    def _await_listening(self, roles: list[Role]) -> None:
        assert self.events
        deadline = time.monotonic() + JOIN_S
        for name in (name for role in roles for name in role.binds):
            while not addresses.listens(self.bound[name]):
                if time.monotonic() > deadline:
                    raise TrialError(
                        f"nobody listened at {self.bound[name]} in {JOIN_S:g} s"
                    )
                for host, event in self.events.wait(LISTEN_POLL_S):
                    self.progress.take(host, event)

    def join(self) -> float:
        """Start the roles in order and wait until all have been seen; return seconds."""
        roles = self.workload.roles
        hosts = {host.name for host in self.hosts}
        self._await(
            "not every host was ready", READY_S, lambda: self.progress.ready >= hosts
        )
        for host in self.hosts:
            host.mark_ready()
        steps = (
            [role for role in roles if role.binds and not role.drives],
            [role for role in roles if role.drives],
            [role for role in roles if not role.binds and not role.drives],
        )
        for step in steps:
            started = time.monotonic()
            self._tell("go", [name for role in step for name in self.instances(role)])
            if self.case.transport not in (INPROC, DIRECT):
                self._await_listening(step)
        awaited = self._awaited()
        self._await(
            f"not every peer was seen ({sorted(awaited)} should be)",
            JOIN_S,
            lambda: self.progress.seen >= awaited,
        )
        return time.monotonic() - started

    def _awaited(self) -> set[tuple[str, int]]:
        """Return the (consumer, sender) pairs that must be seen before the window."""
        consumers = self._all(lambda role: role.consumes)
        signers = [role for role in self.workload.roles if role.handles]
        senders = [
            FIRST_WORKER + number
            for role in signers
            for number in range(len(self.instances(role)))
        ]
        return {(consumer, sender) for consumer in consumers for sender in senders or [0]}

    def warm_up(self) -> None:
        drivers = self._all(lambda role: role.drives)
        self._tell_all("warm")
        self._await(
            "warm-up did not end",
            WINDOW_S,
            lambda: self.progress.warmed >= set(drivers),
        )
        if not self.workload.lockstep and self.case.transport != DIRECT:
            self._await_quiet(SETTLED_S, self._warm_up_is_in)

    def _warm_up_is_in(self) -> bool:
        """Say whether every consumer has all of warm-up; one that may lose never has."""
        counts, wanted = self.progress.counts, self.window.warm_up
        consumers = self._all(lambda role: role.consumes)
        return all(counts.get(consumer, 0) >= wanted for consumer in consumers)

    def _await_quiet(self, quiet_s: float, done: Callable[[], bool]) -> None:
        """Wait until arrivals have stood still for ``quiet_s`` seconds, or all is done."""
        assert self.events
        hosts = [h for h in self.hosts if any(t["consumes"] for t in h.spec["roles"])]
        before, since = dict(self.progress.counts), time.monotonic()
        deadline = since + WINDOW_S
        poll_s = POLL_S
        while time.monotonic() - since < quiet_s and not done():
            if time.monotonic() > deadline:
                raise TrialError(
                    f"messages kept coming for {WINDOW_S:g} s: {self._state()}"
                )
            for host, event in self.events.until(time.monotonic() + poll_s):
                self.progress.take(host, event)
                if done():
                    return
            for host in hosts:
                host.tell("count")
            poll_s = min(2 * poll_s, quiet_s / 5)  # rarely: asking takes CPU time too
            if self.progress.counts != before:
                before, since = dict(self.progress.counts), time.monotonic()

    def measure(self) -> None:
        """Open the window, and wait until all has arrived or nothing more does."""
        progress = self.progress
        drivers = set(self._all(lambda role: role.drives))
        consumers = set(self._all(lambda role: role.consumes))

        def all_in() -> bool:
            return progress.counted >= consumers

        def given() -> bool:
            return progress.finished >= drivers

        self._tell_all("window")
        self._await("the window did not end", WINDOW_S, lambda: all_in() or given())
        if self.window.sizes_bytes:
            self._await_quiet(QUIET_S, lambda: False)  # is there one too many?
        elif not (self.workload.lockstep and given()):
            self._await_quiet(PILOT_QUIET_S if self.window.limit_s else QUIET_S, all_in)

    def end(self) -> None:
        assert self.events
        self.events.ending = True
        self._tell_all("end")
        hosts = {host.name for host in self.hosts}
        self._await(
            "not every host left its result",
            RESULT_S,
            lambda: self.progress.results.keys() >= hosts,
        )

    def kill(self) -> None:
        if self.events:
            self.events.close()
        for host in self.hosts:
            host.kill()

    def cpu_times(self) -> CpuTimes:
        return {host.name: host.cpu_times() for host in self.hosts}


def _difference(after: CpuTimes, before: CpuTimes) -> CpuTimes:
    return {
        host: {name: used.since(before[host].get(name)) for name, used in threads.items()}
        for host, threads in after.items()
    }


def run_trial(
    case: Case,
    window: Window,
    logs: Path,
    rng: random.Random,
    relay: Relay | None = None,
    played_by: Mapping[str, Cell] | None = None,
) -> TrialRecord:
    """Run one trial in fresh processes and return what it left.

    ``logs`` is where the hosts' logs go. ``relay`` is given a listening address and
    returns the one at which connecting roles are to find it. ``played_by`` names roles
    that another cell plays. Raises TrialError when a role fails or hangs, NotMeasurable
    when the machine lacks what the case needs; no process of the trial lives on either
    way.
    """
    began = time.monotonic()
    logs.mkdir(parents=True, exist_ok=True)
    with scratch_folder() as folder:
        trial = Trial(case, window, folder, logs, rng, played_by=played_by)
        if relay:
            trial.public = {name: relay(url) for name, url in trial.bound.items()}
        try:
            trial.spawn()
            join_s = trial.join()
            trial.warm_up()
            before = trial.cpu_times()
            trial.measure()
            cpu = _difference(trial.cpu_times(), before)
            peaks = {host.name: host.peak_above_ready_bytes() for host in trial.hosts}
            trial.end()
            results = trial.progress.results
            return TrialRecord(
                roles={record.id: record for record in read_records(folder, results)},
                cpu=cpu,
                peak_bytes=peaks,
                sockets={n: e["sockets"] for n, e in results.items()},
                build_s=trial.progress.build_s,
                join_s=join_s,
                total_s=time.monotonic() - began,
            )
        finally:
            trial.kill()
