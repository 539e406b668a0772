"""A trial with a fault in it: what befalls a service, and how long it takes to be back.

Roles start and join as in any trial. Then messages are offered on a grid of moments, the
fault happens at a random phase of it, and everything is watched until it has recovered or
has had its time. Hosts are killed at the end; what they did stands in their ledgers.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.contract import Case
from bench.errors import TrialError
from bench.faults import Fault
from bench.history import FailureRecord
from bench.network.hosts import Network
from bench.stage import FIRST_WORKER, JOIN_S, LOOK_S, Stage
from bench.watcher import NEVER_NS, Incarnation, Watcher

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
STARTING = ((True, False), (True, True), (False, True), (False, False))
"""In which order roles start: whether they bind, and whether they drive."""


class Scene(Stage):
    """What a fault is given: the trial under way. ``bench.failure_trial`` runs it."""

    def __init__(
        self,
        case: Case,
        fault: Fault,
        folder: Path,
        logs: Path,
        rng: random.Random,
        network: Network | None,
    ) -> None:
        super().__init__(case, fault.setup, folder, logs, rng, network)
        self.injected = fault
        self.interval_ns = int(1e9 / fault.setup.rate_hz)
        self.start_ns = self.stop_ns = 0
        self.calm_ns = self.fault_ns = self.struck_ns = self.healed_ns = 0
        self.owed_from_ns: dict[str, int] = {}
        self.affected: set[str] = set()
        self.remarks: dict[str, Any] = {}
        self._breaches: list[str] = []
        self._joined = False

    # -- who begins when -----------------------------------------------------------------

    def spawn(self) -> None:
        """Start every process, and have those begin whom the fault does not start."""
        self.start_hosts()
        late = self.late
        for kind in STARTING:
            for name, cast in self.cast.items():
                if kind == (bool(cast.role.binds), cast.role.drives) and name not in late:
                    self.start(name)

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

    # -- the fault, and what is seen of it -------------------------------------------------

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

    def was_told(self) -> bool:
        """Say whether the application was told of a failure since the fault."""
        return any(moment_ns > self.fault_ns for moment_ns in self.watcher().told_ns())

    def share_in_time(self, name: str) -> float:
        """Return which share of what a consumer was owed came in time.

        Since the fault, and before there was one since the first message.
        """
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

    def since_given_s(self) -> float:
        """Return for how long no driver has taken a message, at most since the fault."""
        watcher = self.watcher()
        given_ns = (watcher.last_given_ns(name) for name in self.drivers)
        return (time.perf_counter_ns() - max(self.fault_ns, *given_ns)) / 1e9

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
        self.expect("not every peer was seen", JOIN_S, lambda: self.seen >= awaited)
        drivers = {name for name in self.drivers if name not in late}
        for name, cast in self.cast.items():
            if name not in late:
                cast.host.tell("warm")
        self.expect("warm-up did not end", JOIN_S, lambda: self.warmed >= drivers)
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
            {name: self._incarnations(name) for name in self.all(lambda _: True)},
            self.drivers,
            [name for name in self.consumers if self.cast[name].started],
            self.messages,
            self.start_ns,
            self.interval_ns,
            self.senders,
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
        for name in self.all(lambda _: True):
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
        self.hear(2 * LOOK_S)  # is there one too many?
