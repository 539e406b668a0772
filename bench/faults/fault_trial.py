"""A running trial as its fault sees it: the participants, what happens to them, and when.

A ``FaultTrial`` has ``participants``, their ``processes``, a ``network`` and a ``schedule``
of messages; ``ledgers`` reads what became of these. ``bench.faults.trial`` runs it.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.contract.model import APART, Case
from bench.faults.breach import Breach, BreachKind
from bench.faults.database import database
from bench.faults.fault import Fault
from bench.faults.history import Fate
from bench.faults.ledger_page import NEVER_NS
from bench.faults.ledger_reader import Incarnation, LedgerReader
from bench.faults.network.hosts import Network
from bench.faults.participants import Participants
from bench.faults.processes import LOOK_S, Processes
from bench.faults.schedule import Schedule
from bench.faults.trial_network import TrialNetwork
from bench.trial.keys import make_keys
from bench.trial.process_group import ProcessGroup
from bench.trial.site import sites_of

REFRESH_S = 0.4
"""How old the ledgers of hosts elsewhere may be that a trial looks at."""


class FaultTrial:
    """One trial with a fault. Roles are named by their ids (``serve.0``).

    Up to ``calm_ns`` nothing is done to the trial; the fault begins at ``fault_ns``, is
    complete at ``struck_ns``, and what it broke is whole again at ``healed_ns``.
    ``affected`` are roles that need not recover. ``remarks`` go into the trial's metadata.
    ``sites`` are the hosts of a trial that is placed apart, None for any other.
    """

    def __init__(
        self,
        case: Case,
        fault: Fault,
        folder: Path,
        logs: Path,
        rng: random.Random,
        network: Network | None,
    ) -> None:
        self.case, self.setup, self.rng = case, fault.setup, rng
        self.workload = case.cell.workload
        self.participants = Participants(case.cell, fault.setup)
        self.sites = sites_of(case.placement) if case.placement == APART else None
        self.network = TrialNetwork(
            network,
            self.participants,
            fault.setup,
            case.transport,
            folder,
            rng,
            self.sites,
        )
        names = [f"tcp://{fault.setup.look_up}"] if fault.setup.look_up else []
        urls = [*self.network.addresses.values(), *names]
        make_keys(case.cell.variant.security, folder, urls)
        for site in self.sites.distinct() if self.sites else ():
            site.send(folder)
        self.group = ProcessGroup(logs, forgives=self._note_crashes)
        self.processes = Processes(
            case, fault.setup, self.participants, self.network, self.group, folder
        )
        self.database = database(fault.setup.store, folder, self.network.enter(), rng)
        seed = rng.getrandbits(32) if fault.setup.at_random else None
        self.schedule = Schedule(fault.setup.rate_hz, seed)
        self.calm_ns = self.fault_ns = self.struck_ns = self.healed_ns = 0
        self.affected: set[str] = set()
        self.remarks: dict[str, Any] = {}
        self.breaches: list[Breach] = []
        self._folder = folder
        self._refreshed_s = 0.0
        self._meet_clocks()

    def _meet_clocks(self) -> None:
        """Ask hosts elsewhere for the time, and remark how wrong theirs may be."""
        if self.sites:
            bounds_ns = [site.clock().bound_ns for site in self.sites.distinct()]
            self.remarks["clock_bound_s"] = max(bounds_ns) / 1e9

    def close(self) -> None:
        """End all processes of the trial, and the helpers of its fault."""
        self.group.close()
        if self.database:
            self.database.close()
        self.network.close()

    def start_database(self) -> None:
        """Start the database, if the trial has one."""
        if self.database:
            self.database.start(self.participants.senders)
            self.processes.store = self.database.url

    # -- roles that start and leave ------------------------------------------------------

    def start(self, name: str) -> None:
        """Start a role; if it binds, wait until it listens."""
        self.go(name)
        self.processes.await_listening(name)

    def go(self, name: str) -> None:
        """Start a role. A late consumer is not due messages from before it joined."""
        participant = self.participants[name]
        if self.schedule.has_begun and not participant.started and not participant.extra:
            self._owe_from_now(name)
        if self.schedule.has_begun and participant.role.drives:
            self.begin(name)
        participant.started = True
        self.processes.tell(name, "go")

    def start_standby(self, name: str) -> None:
        """Let the standby take over a role, on the same address."""
        participant = self.participants[name]
        assert participant.standby
        participant.processes.append(participant.standby)
        participant.standby = None
        self.start(name)

    def begin(self, name: str) -> None:
        """Have a driver give messages from where its predecessor stopped, or from now."""
        started = self.participants[name].started
        self.refresh()
        first = self.ledgers.next_unsent(name) if started else self.schedule.next_due()
        schedule = self.schedule
        self.processes.tell(
            name,
            "begin",
            start_ns=schedule.start_ns,
            interval_ns=schedule.interval_ns,
            first=first,
            seed=schedule.seed,
        )

    def consumers_new_with(self, name: str) -> list[str]:
        """Return the consumers that start with a role, or whose messages do."""
        role = self.participants[name].role
        if role.drives and not role.consumes:
            return self.participants.consumers
        return [name] if role.consumes and name in self.participants.repeated else []

    def _owe_from_now(self, name: str) -> None:
        now_ns, owed_from_ns = time.perf_counter_ns(), self.schedule.owed_from_ns
        for consumer in self.consumers_new_with(name):
            no_driver = owed_from_ns.get(consumer) == NEVER_NS
            if self.participants[name].role.drives or not no_driver:
                owed_from_ns[consumer] = now_ns

    def leave(self, messages: int) -> None:
        """Let the drivers send some more messages at once, and leave as a script does.
        Drivers that wait to be started are started for it.
        """
        past = self.schedule.stop_after(messages)
        for name in self.participants.drivers:
            self.group.let_leave(self.processes.of(name))
            self.processes.tell(name, "leave", past=past)
            if not self.participants[name].started:
                self.go(name)

    # -- time passes ---------------------------------------------------------------------

    def wait(self, for_s: float) -> None:
        """Let the trial go on for some seconds."""
        self.group.hear_for(for_s)

    def wait_until(self, done: Callable[[], bool], at_most_s: float) -> bool:
        """Let the trial go on until a condition holds; return whether it did."""
        return self.group.wait_until(done, at_most_s, LOOK_S)

    def _note_crashes(self) -> bool:
        """Note a breach for each process that a signal has ended since the fault; return
        whether there were any.
        """
        if not self.fault_ns:
            return False
        crashed = self.group.crashed()
        ended = {
            name: participant.host.status() or 0
            for name, participant in self.participants.items()
            if participant.started and participant.host in crashed
        }
        for name, status in ended.items():
            signal_name = signal.Signals(-status).name
            self.breach(BreachKind.CRASHED, f"{name} was ended by {signal_name}")
        return bool(ended)

    # -- what the fault says -------------------------------------------------------------

    def fault(self) -> ExitStack:
        """Mark that the fault begins now, and is complete at the end of a block. Messages
        due while it begins may still get through, so they do not count for the outage.
        """
        self.fault_ns = self.struck_ns = time.perf_counter_ns()
        beginning = ExitStack()
        beginning.callback(self._struck)
        return beginning

    def _struck(self) -> None:
        self.struck_ns = time.perf_counter_ns()

    def healed(self) -> None:
        """Mark that the cause of the fault is repaired."""
        self.healed_ns = time.perf_counter_ns()

    def breach(self, kind: BreachKind, detail: str = "") -> None:
        """Record a breach of the contract; the detail continues the text of its kind."""
        self.breaches.append(Breach(kind, detail=detail))

    def affects(self, *names: str) -> None:
        """Exempt roles from having to recover: the fault is theirs."""
        self.affected |= set(names)

    # -- what the fault sees -------------------------------------------------------------

    @property
    def ledgers(self) -> LedgerReader:
        """Read the ledgers of all processes as they are now, or were a moment ago."""
        if time.monotonic() - self._refreshed_s > REFRESH_S:
            self.refresh()
        return LedgerReader(
            self._folder,
            {name: self._incarnations(name) for name in self._kept()},
            self.participants.drivers,
            [n for n in self.participants.consumers if self.participants[n].started],
            self.processes.messages,
            self.schedule.start_ns,
            self.schedule.interval_ns,
            self.participants.senders,
            self.schedule.seed,
        )

    def refresh(self) -> None:
        """See that the ledgers of hosts elsewhere are here as they are now."""
        for site in self.sites.distinct() if self.sites else ():
            site.refresh(self._folder)
        self._refreshed_s = time.monotonic()

    def _kept(self) -> Iterator[str]:
        """Yield the roles whose ledgers count. A server that joins its equals is one."""
        for name, participant in self.participants.items():
            if not participant.extra or participant.role.name in self.setup.counts:
                yield name

    def _incarnations(self, name: str) -> list[Incarnation]:
        hosts = self.participants[name].processes
        return [Incarnation(self.group.gone_ns.get(host)) for host in hosts]

    def was_told(self) -> bool:
        """Say whether the application was told of a failure since the fault."""
        return any(moment_ns > self.fault_ns for moment_ns in self.ledgers.told_ns())

    def share_in_time(self, name: str) -> float:
        """Return the share of a consumer's due messages that came in time: since the fault,
        or before it since the first message.
        """
        until_ns = time.perf_counter_ns()
        lines = self.ledgers.lines(until_ns, {name: self.struck_ns})
        return min(li.share_in_time(until_ns) for li in lines if li.consumer == name)

    def serves_again(self) -> bool:
        """Say whether a message due since healing has reached every consumer by now."""
        lines = self.ledgers.lines(time.perf_counter_ns(), self.schedule.owed_from_ns)
        return all(
            bool(((line.intended_ns > self.healed_ns) & (line.arrived_ns > 0)).any())
            for line in lines
            if line.consumer not in self.affected
        )

    def has_recovered(self, consumers: Sequence[str]) -> bool:
        """Say whether some consumers have the service back that they had before."""
        moments_ns = self.calm_ns, self.healed_ns
        return self.ledgers.serves(consumers, *moments_ns, self.schedule.owed_from_ns)

    def none_is(self, *fates: Fate) -> bool:
        """Say whether no message that was due has one of some fates by now."""
        stop_ns, owed_from_ns = self.schedule.stop_ns, self.schedule.owed_from_ns
        return not self.ledgers.count(fates, stop_ns, owed_from_ns)

    def since_given_s(self) -> float:
        """Return for how long no driver has taken a message, at most since the fault."""
        ledgers = self.ledgers
        given_ns = (ledgers.last_given_ns(name) for name in self.participants.drivers)
        return (time.perf_counter_ns() - max(self.fault_ns, *given_ns)) / 1e9
