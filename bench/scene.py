"""A trial with a failure in it: processes, the link between them, and what befalls both.

Roles start and join as in any trial. Then messages are offered on a grid of moments, the
fault happens at a random phase of it, and everything is watched until it has recovered or
has had its time. Hosts are killed at the end; what they did stands in their ledgers.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import addresses
from bench.contract import Case, Role
from bench.errors import NotMeasurable, TrialError
from bench.faults import Fault
from bench.history import FailureRecord, Incarnation, Watcher
from bench.network.hosts import Network
from bench.network.link import Link
from bench.processes import Events, HostProcess
from bench.scratch import scratch_folder

READY_S = 30.0
JOIN_S = 15.0
STEADY_S = 0.8
"""How long messages flow before the fault."""
PHASE_S = 0.3
"""The fault comes within this time after that: timers must not be met in step."""
DRAIN_S = 5.0
"""How long what is under way may still arrive after the last message was offered."""
LEAVE_S = 5.0
QUIET_S = 2.5
"""Silence after which what has not arrived is lost: longer than any lease or deadline
that a cell may still be waiting for."""
LOOK_S = 0.05
LEDGER_S = 60.0
"""How many seconds of messages a ledger has room for."""
JOIN_INTERVAL_S = 0.01
WARM_UP = 5
FIRST_WORKER = 1000
BINDING = "binding"
"""In a fault's setup: the role that is bound to by the others, whatever it is called."""
NEAR, FAR = "near", "far"


@dataclass
class Cast:
    """Who plays a role: its processes in order, the last one at present."""

    role: Role
    number: int
    far: bool
    processes: list[HostProcess] = field(default_factory=list)
    standby: HostProcess | None = None
    started: bool = False

    @property
    def host(self) -> HostProcess:
        return self.processes[-1]


class Scene:
    """What a fault is given: the trial under way. Use it with ``run_failure``."""

    def __init__(
        self,
        case: Case,
        fault: Fault,
        folder: Path,
        logs: Path,
        rng: random.Random,
        network: Network | None,
    ) -> None:
        self.case, self.injected, self.setup = case, fault, fault.setup
        self.folder, self.logs, self.rng = folder, logs, rng
        self.workload = case.cell.workload
        self._network = network
        self.cast: dict[str, Cast] = {}
        for role in self.workload.roles:
            count = self.setup.instances if role.name == self.workload.repeated else 1
            for number in range(count):
                far = role.name == self.workload.repeated
                self.cast[f"{role.name}.{number}"] = Cast(role, number, far)
        bound = {name: self._ip(c) for c in self.cast.values() for name in c.role.binds}
        self.addresses = addresses.assign(sorted(bound), case.transport, folder, rng, bound)
        self.events = Events([])
        self.interval_ns = int(1e9 / self.setup.rate_hz)
        self.messages = int(LEDGER_S * self.setup.rate_hz)
        self.start_ns = 0
        self.fault_ns = self.healed_ns = 0
        self.owed_from_ns: dict[str, int] = {}
        self.affected: set[str] = set()
        self.remarks: dict[str, Any] = {}
        self._ready: set[HostProcess] = set()
        self._seen: set[tuple[str, int]] = set()
        self._warmed: set[str] = set()
        self._returned: set[HostProcess] = set()
        self.gone: dict[HostProcess, int] = {}
        self.peaks_bytes: dict[str, int] = {}

    # -- who is who ----------------------------------------------------------------------

    @property
    def binder(self) -> str:
        """The role that the talk calls the server: who answers, publishes, distributes."""
        return next(
            name
            for name, cast in self.cast.items()
            if cast.role.binds and (cast.role.drives or cast.role.handles)
        )

    @property
    def handler(self) -> str:
        return next(name for name, cast in self.cast.items() if cast.role.handles)

    def named(self, wanted: Sequence[str]) -> Iterator[str]:
        """Yield the ids of the roles that a setup names by id, by name, or as BINDING."""
        for name, cast in self.cast.items():
            alone = name == self.binder and BINDING in wanted
            if alone or name in wanted or cast.role.name in wanted:
                yield name

    def _all(self, chosen: Callable[[Role], bool]) -> list[str]:
        return [name for name, cast in self.cast.items() if chosen(cast.role)]

    @property
    def drivers(self) -> list[str]:
        return self._all(lambda role: role.drives)

    @property
    def consumers(self) -> list[str]:
        return self._all(lambda role: role.consumes)

    def _ip(self, cast: Cast) -> str:
        if self._network is None or not self.setup.link:
            return "127.0.0.1"
        return self._network.address(FAR if cast.far else NEAR)

    @property
    def link(self) -> Link:
        """What joins the two hosts, where the fault asked for one."""
        assert self._network
        return Link(self._network)

    # -- processes -----------------------------------------------------------------------

    def _spec(self, name: str, incarnation: int) -> dict[str, Any]:
        cast, case = self.cast[name], self.case
        urls = [self.addresses[n] for n in (*cast.role.binds, *cast.role.connects)]
        role = {
            "id": name,
            "name": cast.role.name,
            "addresses": urls,
            "drives": cast.role.drives,
            "handles": cast.role.handles,
            "consumes": cast.role.consumes,
            "sender": cast.number + (0 if cast.role.drives else FIRST_WORKER),
            "expected": 0,
            "incarnation": incarnation,
            "work_s": self.setup.work_s if cast.role.handles else 0.0,
        }
        return {
            "cell": str(case.cell.path),
            "search": [str(folder) for folder in case.cell.search],
            "roles": [role],
            "cpus": [],
            "in_turn": False,
            "supervised": True,
            "leaves": name in self.setup.leaves,
            "senders": len(self.drivers),
            "messages": self.messages,
            "size_bytes": self.setup.size_bytes,
            "warm_up": WARM_UP,
            "join_interval_s": JOIN_INTERVAL_S,
            "checking": True,
            "transforms": any(role.handles for role in self.workload.roles),
            "busy_ns": 0,
            "stall_at": -1,
            "stall_ns": 0,
            "folder": str(self.folder),
            "parent": os.getpid(),
        }

    def _spawn(self, name: str, incarnation: int) -> HostProcess:
        host = HostProcess(
            f"{name}.{incarnation}",
            self._spec(name, incarnation),
            self.logs / f"{name}.{incarnation}.log",
            enter=self.entering(name),
        )
        self.events.add(host)
        return host

    def entering(self, name: str) -> Sequence[str]:
        """Return the command that starts something on the host where a role lives."""
        if self._network is None:
            return ()
        far = self.cast[name].far and self.setup.link
        return self._network.enter(FAR if far else NEAR)

    def spawn(self) -> None:
        late = set(self.named(self.setup.late))
        for name, cast in self.cast.items():
            cast.processes.append(self._spawn(name, 0))
            if name in self.named(self.setup.standby):
                cast.standby = self._spawn(name, 1)
        every = self._processes()
        self._await("not every host was ready", READY_S, lambda: self._ready >= every)
        for host in every:
            host.mark_ready()
        for role_binds, drives in (
            (True, False),
            (True, True),
            (False, True),
            (False, False),
        ):
            for name, cast in self.cast.items():
                kind = bool(cast.role.binds), cast.role.drives
                if kind == (role_binds, drives) and name not in late:
                    self.start(name)

    def _processes(self) -> set[HostProcess]:
        found = {host for cast in self.cast.values() for host in cast.processes}
        return found | {cast.standby for cast in self.cast.values() if cast.standby}

    def start(self, name: str) -> None:
        """Have a role begin, and where it binds wait until it listens."""
        cast = self.cast[name]
        cast.started = True
        cast.host.tell("go", role=name)
        self.await_listening(name)
        if self.start_ns and cast.role.drives:
            self._begin(name)
        if self.start_ns and cast.role.consumes:
            self.owed_from_ns[name] = time.perf_counter_ns()

    def await_listening(self, name: str) -> None:
        cast = self.cast[name]
        urls = [self.addresses[bound] for bound in cast.role.binds]
        self._await(
            f"nobody listened at {', '.join(urls)}",
            JOIN_S,
            lambda: all(addresses.listens(url, cast.host.pid) for url in urls),
            look_s=0.002,
        )

    def kill(self, name: str) -> None:
        """Send SIGKILL to the process that plays a role."""
        host = self.cast[name].host
        self.events.forget(host)
        self.keep_peak(host)
        host.kill_group()
        host.process.wait()
        self.gone[host] = time.perf_counter_ns()

    def start_standby(self, name: str) -> None:
        """Have the standby take a role over, on the same address."""
        cast = self.cast[name]
        assert cast.standby
        cast.processes.append(cast.standby)
        cast.standby = None
        self.start(name)

    def freeze(self, name: str) -> None:
        os.kill(self.cast[name].host.pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.kill(self.cast[name].host.pid, signal.SIGCONT)

    def tell(self, name: str, do: str, **more: Any) -> None:
        self.cast[name].host.tell(do, **more)

    # -- time ----------------------------------------------------------------------------

    def _take(self, host: HostProcess, event: dict[str, Any]) -> None:
        match event["event"]:
            case "ready":
                self._ready.add(host)
            case "seen":
                self._seen.add((event["role"], event["sender"]))
            case "warmed":
                self._warmed.add(event["role"])
            case "returned":
                self._returned.add(host)

    def _await(
        self, what: str, timeout_s: float, done: Callable[[], bool], look_s: float = LOOK_S
    ) -> None:
        deadline = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > deadline:
                raise TrialError(f"{what} within {timeout_s:g} s{self._last_words()}")
            self._hear(look_s)

    def _hear(self, for_s: float) -> None:
        for host, event in self.events.wait(for_s):
            self._take(host, event)

    def _last_words(self) -> str:
        words = [(host.name, host.last_words()) for host in self._processes()]
        return "".join(f"\n  {name} wrote:{said}" for name, said in words if said)

    def wait(self, for_s: float) -> None:
        """Let the trial go on for some seconds."""
        deadline = time.monotonic() + for_s
        while (left_s := deadline - time.monotonic()) > 0:
            self._hear(min(left_s, LOOK_S))

    def wait_until(self, done: Callable[[], bool], at_most_s: float) -> bool:
        """Let the trial go on until something is so; return whether it came to be."""
        deadline = time.monotonic() + at_most_s
        while not (is_so := done()) and time.monotonic() < deadline:
            self._hear(LOOK_S)
        return is_so

    def fault(self) -> None:
        """Say that the fault happens now."""
        self.fault_ns = time.perf_counter_ns()

    def healed(self) -> None:
        """Say that whatever the fault broke is whole again."""
        self.healed_ns = time.perf_counter_ns()

    def affects(self, *names: str) -> None:
        """Exempt roles from having to recover: the fault is theirs."""
        self.affected |= set(names)

    # -- how it goes ---------------------------------------------------------------------

    def join(self) -> None:
        """Wait until everyone who was started has been seen by whom it talks to."""
        late = set(self.named(self.setup.late))
        if self.binder in late or set(self.drivers) <= late:
            return  # nobody can be seen yet: that is the fault
        consumers = [name for name in self.consumers if name not in late]
        signers = [
            FIRST_WORKER + cast.number
            for name, cast in self.cast.items()
            if cast.role.handles and name not in late
        ]
        awaited = {(c, s) for c in consumers for s in signers or [0]}
        self._await("not every peer was seen", JOIN_S, lambda: self._seen >= awaited)
        drivers = {name for name in self.drivers if name not in late}
        for name, cast in self.cast.items():
            if name not in late:
                cast.host.tell("warm")
        self._await("warm-up did not end", JOIN_S, lambda: self._warmed >= drivers)

    def begin(self) -> None:
        """Offer messages from now on."""
        late = set(self.named(self.setup.late))
        self.start_ns = time.perf_counter_ns() + int(0.02e9)
        for name in self.drivers:
            if name not in late:
                self._begin(name)

    def _begin(self, name: str) -> None:
        """Set a driver on the grid, at the first message that none has given yet."""
        first = self.watcher().next_unsent(name)
        self.tell(
            name, "begin", start_ns=self.start_ns, interval_ns=self.interval_ns, first=first
        )

    def watcher(self) -> Watcher:
        return Watcher(
            self.folder,
            {name: self._incarnations(name) for name in self.cast},
            self.drivers,
            self.consumers,
            self.messages,
            self.start_ns,
            self.interval_ns,
        )

    def _incarnations(self, name: str) -> list[Incarnation]:
        return [Incarnation(self.gone.get(h)) for h in self.cast[name].processes]

    def run(self) -> FailureRecord:
        """Let messages flow, inject the fault, and watch until it is over."""
        self.spawn()
        self.join()
        self.begin()
        self.wait(STEADY_S + self.rng.uniform(0, PHASE_S))
        self.injected.inject(self)
        witnesses = [name for name in self.consumers if name not in self.affected]
        flowed_ns = 0

        def flows() -> bool:
            nonlocal flowed_ns
            flowed_ns = self.watcher().flows_until(witnesses, self.healed_ns)
            return flowed_ns > 0

        self.wait_until(flows, self.injected.watch_s)
        stop_ns = time.perf_counter_ns()
        for cast in self.cast.values():
            if cast.started and cast.host not in self.gone:
                cast.host.tell("stop", stop_ns=stop_ns)
        self._drain(stop_ns)
        for cast in self.cast.values():
            self.keep_peak(cast.host)
        return self.watcher().record(
            stop_ns,
            self.fault_ns,
            self.healed_ns,
            flowed_ns,
            self.owed_from_ns,
            self.affected,
            {**self.remarks, "peak_bytes": self.peaks_bytes},
        )

    def _drain(self, stop_ns: int) -> None:
        """Wait until everything offered is accounted for, or nothing moves any more."""
        deadline = time.monotonic() + DRAIN_S
        before, since = -1, time.monotonic()
        while time.monotonic() < deadline and time.monotonic() - since < QUIET_S:
            left, moved = self.watcher().unaccounted(stop_ns, self.owed_from_ns)
            if not left:
                self._hear(2 * LOOK_S)  # is there one too many?
                return
            if moved != before:
                before, since = moved, time.monotonic()
            self._hear(LOOK_S)

    def keep_peak(self, host: HostProcess) -> None:
        """Keep the memory peak of a process, before it is gone."""
        if host not in self.gone:
            self.peaks_bytes[host.name] = host.peak_above_ready_bytes()

    def close(self) -> None:
        self.events.close()
        for host in self._processes():
            host.kill()


def run_failure(case: Case, fault: Fault, logs: Path, rng: random.Random) -> FailureRecord:
    """Run one trial with a fault in fresh processes, in a network of its own.

    Raises TrialError when the trial did not get as far as its fault, NotMeasurable where
    the machine does not permit what the fault needs; nothing of it lives on either way.
    """
    began = time.monotonic()
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = stack.enter_context(scratch_folder())
        network = _network(fault, stack)
        scene = Scene(case, fault, folder, logs, rng, network)
        stack.callback(scene.close)
        record = scene.run()
    record.total_s = time.monotonic() - began
    return record


def _network(fault: Fault, stack: ExitStack) -> Network | None:
    """Return a network for one trial: two hosts if the fault is of a link, else one.

    Without a link a namespace only keeps trials apart that go on side by side, so that a
    machine that permits none does without.
    """
    if fault.setup.link:
        return stack.enter_context(Network(NEAR, FAR))
    try:
        return stack.enter_context(Network(NEAR))
    except NotMeasurable:
        return None
