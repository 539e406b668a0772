"""The processes of a trial with a fault: started for all participants, and harmed by it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from bench.contract.model import Case
from bench.errors import TrialError
from bench.faults.fault import Setup
from bench.faults.participants import Participants
from bench.faults.trial_network import TrialNetwork
from bench.hosts.spec import HostSpec
from bench.trial.descendants import PROCESS
from bench.trial.process_group import ProcessGroup
from bench.trial.site import Host
from bench.trial.specs import host_spec, role_spec

READY_S = 30.0
JOIN_S = 15.0
LOOK_S = 0.05
LEDGER_S = 60.0
"""How many seconds of messages a ledger has room for."""
JOIN_INTERVAL_S = 0.01
MOMENTS = ("start_ns", "stop_ns")
"""The words of commands that are moments of a clock."""
WARM_UP = 5


class Processes:
    """The processes of the participants, named by their ids. They form one group."""

    def __init__(
        self,
        case: Case,
        setup: Setup,
        participants: Participants,
        network: TrialNetwork,
        group: ProcessGroup,
        folder: Path,
    ) -> None:
        self._case, self._setup, self._folder = case, setup, folder
        self._participants, self._network, self._group = participants, network, group
        self.messages = int(LEDGER_S * setup.rate_hz)
        self.store = ""
        """The URL of the database that handles use."""

    # -- how they start ------------------------------------------------------------------

    def start(self) -> None:
        """Start the processes of all, and wait until each has loaded its program."""
        standby = set(self._participants.named(self._setup.standby))
        for names in self._sharing():
            host = self._spawn(names, 0)
            for name in names:
                self._participants[name].processes.append(host)
            if standby & {*names}:
                self.stand_by(names)
        self.expect("not every host was ready", READY_S, self._group.all_ready)
        self._group.mark_ready()
        if self._setup.descriptors:
            host = self.of(self._participants.binder)
            host.limit_descriptors(self._setup.descriptors)

    def _sharing(self) -> Iterator[Sequence[str]]:
        """Yield the participants of each process: one, or some of the drivers."""
        for drives, some in groupby(
            self._participants, lambda name: self._participants[name].role.drives
        ):
            most = self._setup.together if drives else 1
            while names := tuple(islice(some, most)):
                yield names

    def stand_by(self, names: Sequence[str]) -> None:
        """Start one process that will play these roles once they are told to go."""
        host = self._spawn(names, len(self._participants[names[0]].processes))
        for name in names:
            self._participants[name].standby = host

    def _spawn(self, names: Sequence[str], incarnation: int) -> Host:
        site = self._network.site(self._participants[names[0]])
        spec = self._spec(names, incarnation)
        return self._group.spawn(f"{names[0]}.{incarnation}", spec, site=site)

    def _spec(self, names: Sequence[str], incarnation: int) -> HostSpec:
        case, setup = self._case, self._setup
        roles = [
            role_spec(
                participant.role,
                participant.number,
                self._network.urls(participant),
                incarnation=incarnation,
                work_s=setup.work_s if participant.role.handles else 0.0,
                store=self.store if participant.role.handles else "",
            )
            for participant in map(self._participants.__getitem__, names)
        ]
        return host_spec(
            case.cell,
            roles,
            self._folder,
            case.transport,
            messages=self.messages,
            warm_up=WARM_UP,
            size_bytes=setup.size_bytes,
            checking=True,
            interval_s=JOIN_INTERVAL_S,
            supervised=True,
            leaves=names[0] in self._participants.named(setup.leaves),
            senders=self._participants.senders,
        )

    def await_listening(self, name: str) -> None:
        """Wait until the process of a role listens at all that the role binds."""
        urls = self._network.bound(self._participants[name])
        host = self.of(name)
        self.expect(
            f"no process listened at {', '.join(urls)}",
            JOIN_S,
            lambda: all(map(host.listens, urls)),
            look_s=0.002,
        )

    def expect(
        self, what: str, timeout_s: float, done: Callable[[], bool], look_s: float = LOOK_S
    ) -> None:
        """Wait until a condition holds; TrialError with the hosts' output if it never
        does.
        """
        if not self._group.wait_until(done, timeout_s, look_s):
            words = self._group.last_words()
            raise TrialError(f"{what} within {timeout_s:g} s{words}")

    # -- what a fault does to them, and asks of them ---------------------------------------

    def of(self, name: str) -> Host:
        """Return the process that plays a role now."""
        return self._participants[name].host

    def tell(self, name: str, do: str, **more: Any) -> None:
        """Tell something to the process of a role; moments, as its clock has them."""
        host = self.of(name)
        there = {key: host.moment(more[key]) for key in MOMENTS if key in more}
        host.tell(do, role=name, **(more | there))

    def kill(self, name: str) -> None:
        """Send SIGKILL to the process that plays a role."""
        self._group.kill(self.of(name))

    def ask_to_end(self, name: str) -> None:
        """Ask the process that plays a role to end, and wait until it has."""
        self._group.ask_to_end(self.of(name))

    def freeze(self, name: str) -> None:
        """Stop the process that plays a role, with those that it has started."""
        self.of(name).signal_group(signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self.of(name).signal_group(signal.SIGCONT)

    def has_left(self, name: str) -> bool:
        return self.of(name).status() is not None

    def is_there(self, name: str) -> bool:
        """Say whether the process of a role was neither killed nor has left."""
        return self.of(name) not in self._group.gone_ns and not self.has_left(name)

    def error_of(self, name: str) -> str | None:
        """Return what a role raised first, None if nothing."""
        return self._group.progress.errors.get(self.of(name).name)

    def cpu_s(self, name: str) -> float:
        """Return for how long the process of a role has had a CPU so far."""
        return self.of(name).cpu_times()[PROCESS].run_ns / 1e9
