"""A trial with a failure in it: processes, the link between them, and what befalls both.

Roles start and join as in any trial. Then messages are offered on a grid of moments, the
fault happens at a random phase of it, and everything is watched until it has recovered or
has had its time. Hosts are killed at the end; what they did stands in their ledgers.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import addresses
from bench.contract import Case, Role
from bench.errors import NotMeasurable, TrialError
from bench.faults import Fault
from bench.history import FailureRecord
from bench.network.helper import Helper
from bench.network.hosts import Network
from bench.network.link import Link
from bench.network.tools import tool
from bench.processes import PROCESS, Events, HostProcess
from bench.scratch import scratch_folder
from bench.watcher import NEVER_NS, Incarnation, Watcher

READY_S = 30.0
JOIN_S = 15.0
STEADY_S = 0.8
"""How long messages flow before the fault."""
PHASE_S = 0.3
"""The fault comes within this time after that: timers must not be met in step."""
DRAIN_S = 5.0
"""How long what is under way may still arrive, or be reported, after the last message was
offered: the contract's time for it. A driver that gives up may take all of this, and a
client that was behind is not to be cut off while it catches up."""
REPLY_S = 3.5
"""By when a client knows of a request: the contract's three seconds, and a moment."""
SERVICE_SHARE_MIN = 0.5
"""How much has to be in time before the fault: else there is nothing to recover."""
LOOK_S = 0.05
LEDGER_S = 60.0
"""How many seconds of messages a ledger has room for."""
JOIN_INTERVAL_S = 0.01
WARM_UP = 5
FIRST_WORKER = 1000
BINDING = "binding"
"""In a fault's setup: the role that is bound to by the others, whatever it is called."""
REPEATED = "repeated"
"""In a fault's setup: the clients, subscribers or workers."""
NEWCOMER = "newcomer"
"""In a fault's setup: the last of the clients or subscribers; no worker is meant."""
RELAYS = "bench.faults.halfway"
FRONT = "front"
"""The address of the middle, which is all that peers know where there is one."""
NEAR, FAR = "near", "far"


@dataclass
class Cast:
    """Who plays a role: its processes in order, the last one at present."""

    role: Role
    number: int
    far: bool
    extra: bool = False
    """Whether it is there for the fault alone, and no part of the service."""
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
        self._link = Link(network) if network and fault.setup.link else None
        self.cast: dict[str, Cast] = {}
        for role in self.workload.roles:
            count = self.setup.instances if role.name == self.workload.repeated else 1
            for number in range(count):
                far = role.name == self.workload.repeated
                self.cast[f"{role.name}.{number}"] = Cast(role, number, far)
        for wanted in self.setup.extra:
            cast = self.cast[next(self.named([wanted]))]
            number = sum(other.role == cast.role for other in self.cast.values())
            extra = Cast(cast.role, number, cast.far, extra=True)
            self.cast[f"{cast.role.name}.{number}"] = extra
        if self.setup.middle:
            self._put_in_the_middle()
        bound = {name: self._ip(c) for c in self.cast.values() for name in c.role.binds}
        self.addresses = addresses.assign(sorted(bound), case.transport, folder, rng, bound)
        self._relayed: dict[str, str] = {}
        self._helpers: list[Helper] = []
        self.events = Events([])
        self.interval_ns = int(1e9 / self.setup.rate_hz)
        self.messages = int(LEDGER_S * self.setup.rate_hz)
        self.start_ns = self.stop_ns = 0
        self.calm_ns = self.fault_ns = self.struck_ns = self.healed_ns = 0
        self.owed_from_ns: dict[str, int] = {}
        self.affected: set[str] = set()
        self.remarks: dict[str, Any] = {}
        self._joined = False
        self._ready: set[HostProcess] = set()
        self._seen: set[tuple[str, int]] = set()
        self._warmed: set[str] = set()
        self._returned: set[HostProcess] = set()
        self._errors: dict[HostProcess, str] = {}
        self._breaches: list[str] = []
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

    @property
    def repeated(self) -> list[str]:
        """The clients, subscribers or workers of the service."""
        return self._all(lambda role: role.name == self.workload.repeated)

    @property
    def extra(self) -> str:
        """Who is there for the fault alone."""
        return next(name for name, cast in self.cast.items() if cast.extra)

    @property
    def newcomer(self) -> str | None:
        """The last of the clients or subscribers; workers are not missed one by one."""
        last = self.repeated[-1]
        return last if self.cast[last].role.consumes else None

    def named(self, wanted: Sequence[str]) -> Iterator[str]:
        """Yield the ids of the roles that a setup names by id, by name, or in general."""
        general = {BINDING: [self.binder], REPEATED: self.repeated}
        general[NEWCOMER] = [self.newcomer] if self.newcomer else []
        chosen = {name for word in wanted for name in general.get(word, [])}
        for name, cast in self.cast.items():
            if name in chosen or name in wanted or cast.role.name in wanted:
                yield name

    @property
    def late(self) -> set[str]:
        """The roles that are started by the fault, if at all."""
        extras = {name for name, cast in self.cast.items() if cast.extra}
        return extras | set(self.named(self.setup.late))

    def _all(self, chosen: Callable[[Role], bool]) -> list[str]:
        """Return the roles of the service that a condition holds for."""
        return [n for n, cast in self.cast.items() if chosen(cast.role) and not cast.extra]

    @property
    def drivers(self) -> list[str]:
        return self._all(lambda role: role.drives)

    @property
    def consumers(self) -> list[str]:
        return self._all(lambda role: role.consumes)

    @property
    def _senders(self) -> int:
        """How many drivers there are, with those that are there for the fault alone."""
        return sum(cast.role.drives for cast in self.cast.values())

    def _ip(self, cast: Cast) -> str:
        if self._network is None or not self.setup.link:
            return "127.0.0.1"
        return self._network.address(FAR if cast.far else NEAR)

    @property
    def link(self) -> Link:
        """What joins the two hosts, where the fault asked for one."""
        assert self._link
        return self._link

    # -- processes -----------------------------------------------------------------------

    def _spec(self, name: str, incarnation: int) -> dict[str, Any]:
        cast, case = self.cast[name], self.case
        urls = [self.addresses[name] for name in cast.role.binds]
        urls += [self._seen_from(cast, self.addresses[n]) for n in cast.role.connects]
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
            "leaves": name in self.named(self.setup.leaves),
            "senders": self._senders,
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

    def _put_in_the_middle(self) -> None:
        for program in self.case.cell.variant.programs:
            tool(program)
        back = self.cast[self.binder].role.binds
        proxy = Role("proxy", binds=(FRONT,), connects=back)
        self.cast["proxy.0"] = Cast(proxy, 0, far=False)

    def _seen_from(self, cast: Cast, url: str) -> str:
        """Return the address by which a role looks for one that another binds."""
        if self.setup.middle and FRONT not in cast.role.binds:
            return self.addresses[FRONT]
        if cast.extra and self.setup.relayed:
            return self._relayed[url]
        if self.setup.look_up:
            return f"tcp://{self.setup.look_up}:{urlsplit(url).port}"
        return url

    def helper(self, module: str, **spec: Any) -> Helper:
        """Return a process of the fault's own, on the host of the peers."""
        made = Helper(module, spec, self.entering(self.repeated[0]))
        self._helpers.append(made)
        return made

    def port(self, address: str = "") -> tuple[str, int]:
        """Return where an address of the workload is listened at, or else the binder's."""
        bound_by_binder, *_ = self.cast[self.binder].role.binds
        url = urlsplit(self.addresses[address or bound_by_binder])
        assert url.hostname
        assert url.port
        return url.hostname, url.port

    def spawn(self) -> None:
        late = self.late
        if self.setup.relayed:
            urls = list(self.addresses.values())
            self.relays = self.helper(RELAYS, urls=urls, seed=self.rng.getrandbits(32))
            self._relayed = self.relays.ready
        for name, cast in self.cast.items():
            cast.processes.append(self._spawn(name, 0))
            if name in self.named(self.setup.standby):
                cast.standby = self._spawn(name, 1)
        every = self._processes()
        self._await("not every host was ready", READY_S, lambda: self._ready >= every)
        for host in every:
            host.mark_ready()
        if self.setup.descriptors:
            most = self.setup.descriptors, self.setup.descriptors
            host = self.cast[self.binder].host
            resource.prlimit(host.pid, resource.RLIMIT_NOFILE, most)
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
        self.go(name)
        self.await_listening(name)

    def go(self, name: str) -> None:
        """Have a role begin. Who is new is owed nothing that was due before."""
        cast = self.cast[name]
        if self.start_ns and not cast.started and not cast.extra:
            from_ns = time.perf_counter_ns()
            for consumer in self._new_for(name):
                no_driver = self.owed_from_ns.get(consumer) == NEVER_NS
                if cast.role.drives or not no_driver:
                    self.owed_from_ns[consumer] = from_ns
        if self.start_ns and cast.role.drives:
            self._begin(name)
        cast.started = True
        cast.host.tell("go", role=name)

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

    def _new_for(self, name: str) -> list[str]:
        """Return the consumers whose messages, or who themselves, begin with a role."""
        role = self.cast[name].role
        if role.drives and not role.consumes:
            return self.consumers
        return [name] if role.consumes and name in self.repeated else []

    def leave(self, messages: int) -> None:
        """Have who drives send some more messages at once, and leave as a script does.

        Those that wait to be started are started for it.
        """
        from_ns = time.perf_counter_ns()
        past = (from_ns - self.start_ns) // self.interval_ns + 1 + messages
        self.stop_ns = self.start_ns + (past - 1) * self.interval_ns
        for name in self.drivers:
            host = self.cast[name].host
            self.keep_peak(host)
            self.events.forget(host)
            host.tell("leave", past=past)
            if not self.cast[name].started:
                self.go(name)

    def cpu_s(self, name: str) -> float:
        """Return for how long the process of a role has had a CPU so far."""
        return self.cast[name].host.cpu_times()[PROCESS].run_ns / 1e9

    def has_left(self, name: str) -> bool:
        return self.cast[name].host.process.poll() is not None

    def since_given_s(self) -> float:
        """Return for how long no driver has taken a message, at most since the fault."""
        watcher = self.watcher()
        given_ns = (watcher.last_given_ns(name) for name in self.drivers)
        return (time.perf_counter_ns() - max(self.fault_ns, *given_ns)) / 1e9

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
            case "failed":
                self._errors.setdefault(host, event["error"])

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

    def fault(self) -> ExitStack:
        """Say that the fault happens now, or begins, and is complete at the end of a block.

        What is due while it begins may still get through, and says nothing of an outage.
        """
        self.fault_ns = self.struck_ns = time.perf_counter_ns()
        beginning = ExitStack()
        beginning.callback(self._struck)
        return beginning

    def _struck(self) -> None:
        self.struck_ns = time.perf_counter_ns()

    def healed(self) -> None:
        """Say that whatever the fault broke is whole again."""
        self.healed_ns = time.perf_counter_ns()

    def error_of(self, name: str) -> str | None:
        """Return what a role raised first, None if nothing."""
        return self._errors.get(self.cast[name].host)

    def was_told(self) -> bool:
        """Say whether the application was told of a failure since the fault."""
        return any(moment_ns > self.fault_ns for moment_ns in self.watcher().told_ns())

    def share_in_time(self, name: str) -> float:
        """Return which share of what a consumer was owed since the fault came in time."""
        until_ns = time.perf_counter_ns()
        since_ns = {name: self.struck_ns}
        lines = self.watcher().lines(until_ns, since_ns)
        return min(li.share_in_time(until_ns) for li in lines if li.consumer == name)

    def breach(self, what: str) -> None:
        """Say that the program did what it must not, or not what it must."""
        self._breaches.append(what)

    def affects(self, *names: str) -> None:
        """Exempt roles from having to recover: the fault is theirs."""
        self.affected |= set(names)

    # -- how it goes ---------------------------------------------------------------------

    def join(self) -> None:
        """Wait until everyone who was started has been seen by whom it talks to."""
        late = self.late
        if any(set(self.named([role.name])) <= late for role in self.workload.roles):
            return  # nothing can flow yet: that is the fault
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
        self._joined = True

    def begin(self) -> None:
        """Offer messages from now on."""
        late = self.late
        self.start_ns = time.perf_counter_ns() + int(0.02e9)
        for name in self.drivers:
            if name not in late:
                self._begin(name)
            else:  # until it is started nobody is owed what it does not send
                self.owed_from_ns |= dict.fromkeys(self._new_for(name), NEVER_NS)

    def _begin(self, name: str) -> None:
        """Set a driver on the grid: where its predecessor stood, or at what is due next."""
        first = 0
        if self.cast[name].started:
            first = self.watcher().next_unsent(name)
        elif (now_ns := time.perf_counter_ns()) > self.start_ns:
            first = (now_ns - self.start_ns) // self.interval_ns + 1
        self.tell(
            name, "begin", start_ns=self.start_ns, interval_ns=self.interval_ns, first=first
        )

    def watcher(self) -> Watcher:
        return Watcher(
            self.folder,
            {name: self._incarnations(name) for name in self._all(lambda _: True)},
            self.drivers,
            [name for name in self.consumers if self.cast[name].started],
            self.messages,
            self.start_ns,
            self.interval_ns,
            self._senders,
        )

    def _incarnations(self, name: str) -> list[Incarnation]:
        return [Incarnation(self.gone.get(h)) for h in self.cast[name].processes]

    def run(self) -> FailureRecord:
        """Let messages flow, inject the fault, and watch until it is over."""
        self.spawn()
        self.join()
        self.begin()
        self.wait(STEADY_S + self.rng.uniform(0, PHASE_S))
        self.calm_ns = time.perf_counter_ns()
        self._require_service()
        self.injected.inject(self)
        witnesses = [name for name in self.consumers if name not in self.affected]
        self.wait_until(lambda: self._serves(witnesses), self.injected.watch_s)
        stop_ns = self.stop_ns or time.perf_counter_ns()
        for name, cast in self.cast.items():
            if cast.started and cast.host not in self.gone and not self.has_left(name):
                cast.host.tell("stop", stop_ns=stop_ns)
        self._drain(stop_ns)
        for name in self._all(lambda _: True):
            self.keep_peak(self.cast[name].host)
        return self.watcher().record(
            self.calm_ns,
            self.fault_ns,
            self.struck_ns,
            self.healed_ns,
            stop_ns,
            self.owed_from_ns,
            self.affected,
            {
                **self.remarks,
                "peak_bytes": self.peaks_bytes,
                "breaches": self._breaches,
            },
        )

    def _require_service(self) -> None:
        """Raise TrialError where there was hardly any service before the fault."""
        if not self._joined:
            return
        started = [name for name in self.consumers if self.cast[name].started]
        for line in self.watcher().lines(self.calm_ns, self.owed_from_ns):
            share = line.share_in_time(self.calm_ns)
            if line.consumer in started and share < SERVICE_SHARE_MIN:
                raise TrialError(
                    f"{line.consumer} had {100 * share:.0f} % of its messages in time "
                    "before the fault: nothing is there to recover"
                )

    def _serves(self, consumers: Sequence[str]) -> bool:
        moments_ns = self.calm_ns, self.healed_ns
        return self.watcher().serves(consumers, *moments_ns, self.owed_from_ns)

    def _drain(self, stop_ns: int) -> None:
        """Wait until everything offered is accounted for, or it has had its time.

        Who waits for each reply is then asked nothing more, and has its time for the last.
        """

        def accounted(*open_classes: str) -> bool:
            return not self.watcher().count(open_classes, stop_ns, self.owed_from_ns)

        drained = self.wait_until(lambda: accounted("silent", "held"), DRAIN_S)
        if not drained and self.workload.lockstep:
            for name in self.drivers:
                host = self.cast[name].host
                if host not in self.gone and not self.has_left(name):
                    host.tell("cease")
            self.wait_until(lambda: accounted("silent"), REPLY_S)
        self._hear(2 * LOOK_S)  # is there one too many?

    def keep_peak(self, host: HostProcess) -> None:
        """Keep the memory peak of a process, before it is gone."""
        if host not in self.gone and host.process.poll() is None:
            self.peaks_bytes[host.name] = host.peak_above_ready_bytes()

    def close(self) -> None:
        self.events.close()
        for helper in self._helpers:
            helper.close()
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
    machine that permits none does without, unless something could get out.
    """
    if fault.setup.link:
        return stack.enter_context(Network(NEAR, FAR))
    try:
        return stack.enter_context(Network(NEAR))
    except NotMeasurable:
        if fault.setup.isolated:
            raise
        return None
