"""The processes of a trial with a fault, on their hosts: started, heard, told, killed."""

from __future__ import annotations

import os
import random
import resource
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import addresses
from bench.cast import FRONT, Cast, Company
from bench.contract import Case
from bench.errors import TrialError
from bench.faults import Setup
from bench.network.helper import Helper
from bench.network.hosts import Network
from bench.network.link import Link
from bench.processes import PROCESS, Events, HostProcess

READY_S = 30.0
JOIN_S = 15.0
LOOK_S = 0.05
LEDGER_S = 60.0
"""How many seconds of messages a ledger has room for."""
JOIN_INTERVAL_S = 0.01
WARM_UP = 5
FIRST_WORKER = 1000
RELAYS = "bench.faults.halfway"
NEAR, FAR = "near", "far"


class Stage(Company):
    """A company in its processes: what can be done to them, and what they say."""

    def __init__(
        self,
        case: Case,
        setup: Setup,
        folder: Path,
        logs: Path,
        rng: random.Random,
        network: Network | None,
    ) -> None:
        super().__init__(case.cell, setup)
        self.case, self.folder, self.logs, self.rng = case, folder, logs, rng
        self.messages = int(LEDGER_S * setup.rate_hz)
        self._network = network
        self._link = Link(network) if network and setup.link else None
        bound = {name: self._ip(c) for c in self.cast.values() for name in c.role.binds}
        self.addresses = addresses.assign(sorted(bound), case.transport, folder, rng, bound)
        self._relayed: dict[str, str] = {}
        self._helpers: list[Helper] = []
        self.events = Events([])
        self.gone: dict[HostProcess, int] = {}
        """When each process that was killed was gone."""
        self.peaks_bytes: dict[str, int] = {}
        self.seen: set[tuple[str, int]] = set()
        """Which consumer has had a message of which sender, or signed by which worker."""
        self.warmed: set[str] = set()
        self._ready: set[HostProcess] = set()
        self._errors: dict[HostProcess, str] = {}

    def _ip(self, cast: Cast) -> str:
        if self._network is None or not self.setup.link:
            return "127.0.0.1"
        return self._network.address(FAR if cast.far else NEAR)

    @property
    def link(self) -> Link:
        """What joins the two hosts, where the fault asked for one."""
        assert self._link
        return self._link

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
            "senders": self.senders,
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

    def start_hosts(self) -> None:
        """Start every process, and wait until all have loaded their cell."""
        if self.setup.relayed:
            urls = list(self.addresses.values())
            self.relays = self.helper(RELAYS, urls=urls, seed=self.rng.getrandbits(32))
            self._relayed = self.relays.ready
        for name, cast in self.cast.items():
            cast.processes.append(self._spawn(name, 0))
            if name in self.named(self.setup.standby):
                cast.standby = self._spawn(name, 1)
        every = self._processes()
        self.expect("not every host was ready", READY_S, lambda: self._ready >= every)
        for host in every:
            host.mark_ready()
        if self.setup.descriptors:
            most = self.setup.descriptors, self.setup.descriptors
            host = self.cast[self.binder].host
            resource.prlimit(host.pid, resource.RLIMIT_NOFILE, most)

    def _processes(self) -> set[HostProcess]:
        found = {host for cast in self.cast.values() for host in cast.processes}
        return found | {cast.standby for cast in self.cast.values() if cast.standby}

    def await_listening(self, name: str) -> None:
        cast = self.cast[name]
        urls = [self.addresses[bound] for bound in cast.role.binds]
        self.expect(
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

    def cpu_s(self, name: str) -> float:
        """Return for how long the process of a role has had a CPU so far."""
        return self.cast[name].host.cpu_times()[PROCESS].run_ns / 1e9

    def has_left(self, name: str) -> bool:
        return self.cast[name].host.process.poll() is not None

    def freeze(self, name: str) -> None:
        os.kill(self.cast[name].host.pid, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        os.kill(self.cast[name].host.pid, signal.SIGCONT)

    def tell(self, name: str, do: str, **more: Any) -> None:
        self.cast[name].host.tell(do, **more)

    def error_of(self, name: str) -> str | None:
        """Return what a role raised first, None if nothing."""
        return self._errors.get(self.cast[name].host)

    def _take(self, host: HostProcess, event: dict[str, Any]) -> None:
        match event["event"]:
            case "ready":
                self._ready.add(host)
            case "seen":
                self.seen.add((event["role"], event["sender"]))
            case "warmed":
                self.warmed.add(event["role"])
            case "failed":
                self._errors.setdefault(host, event["error"])

    def expect(
        self, what: str, timeout_s: float, done: Callable[[], bool], look_s: float = LOOK_S
    ) -> None:
        """Wait until something is so; TrialError with what hosts wrote if it never is."""
        deadline = time.monotonic() + timeout_s
        while not done():
            if time.monotonic() > deadline:
                raise TrialError(f"{what} within {timeout_s:g} s{self._last_words()}")
            self.hear(look_s)

    def hear(self, for_s: float) -> None:
        """Take in what hosts say within some seconds."""
        for host, event in self.events.wait(for_s):
            self._take(host, event)

    def _last_words(self) -> str:
        words = [(host.name, host.last_words()) for host in self._processes()]
        return "".join(f"\n  {name} wrote:{said}" for name, said in words if said)

    def wait(self, for_s: float) -> None:
        """Let the trial go on for some seconds."""
        deadline = time.monotonic() + for_s
        while (left_s := deadline - time.monotonic()) > 0:
            self.hear(min(left_s, LOOK_S))

    def wait_until(self, done: Callable[[], bool], at_most_s: float) -> bool:
        """Let the trial go on until something is so; return whether it came to be."""
        deadline = time.monotonic() + at_most_s
        while not (is_so := done()) and time.monotonic() < deadline:
            self.hear(LOOK_S)
        return is_so

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
