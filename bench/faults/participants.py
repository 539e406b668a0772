"""The participants of a trial with a fault: the roles of its workload, and their names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bench.contract.model import Cell, Role
from bench.faults.fault import Setup
from bench.faults.network.tools import require
from bench.trial.site import Host
from bench.trial.specs import signature

BINDING = "binding"
"""In a fault's setup: the role to which the others connect, by any name."""
REPEATED = "repeated"
"""In a fault's setup: the clients, subscribers or workers."""
NEWCOMER = "newcomer"
"""In a fault's setup: the last of the clients or subscribers; no worker is meant."""
FRONT = "front"
"""The address of the middle: if there is one, peers know only this."""


@dataclass
class Participant:
    """One role of a trial with its processes in order, of which the last one lives now.

    ``far`` is whether it lives on the second host, if there are two: that of the peers, or
    of one participant apart. ``extra`` is whether it was added for the fault, and is no
    part of the service.
    """

    role: Role
    number: int
    far: bool
    extra: bool = False
    processes: list[Host] = field(default_factory=list)
    standby: Host | None = None
    started: bool = False

    @property
    def host(self) -> Host:
        return self.processes[-1]

    @property
    def signature(self) -> int:
        """The number that its messages carry, or its early replies."""
        return signature(self.role, self.number)


class Participants(Mapping[str, Participant]):
    """All participants by id (``serve.0``), of the service or added for the fault."""

    def __init__(self, cell: Cell, setup: Setup) -> None:
        self.workload, self._setup = cell.workload, setup
        self._by_id: dict[str, Participant] = {}
        for role in self.workload.roles:
            repeated = role.name == self.workload.repeated
            several = setup.instances if repeated else setup.counts.get(role.name, 1)
            for number in range(several):
                apart = f"{role.name}.{number}" == setup.apart
                self._add(Participant(role, number, apart if setup.apart else repeated))
        for wanted in setup.extra:
            like = self[next(self.named([wanted]))]
            number = sum(other.role == like.role for other in self.values())
            self._add(Participant(like.role, number, like.far, extra=True))
        if setup.middle:
            self._put_in_the_middle(cell)

    def _add(self, participant: Participant) -> None:
        self._by_id[f"{participant.role.name}.{participant.number}"] = participant

    def _put_in_the_middle(self, cell: Cell) -> None:
        require(cell.variant)
        back = self[self.binder].role.binds
        proxy = Role("proxy", binds=(FRONT,), connects=back)
        self._add(Participant(proxy, 0, far=False))

    def __getitem__(self, name: str) -> Participant:
        return self._by_id[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    # -- one of them ---------------------------------------------------------------------

    @property
    def binder(self) -> str:
        """The role that the talk calls the server: it answers, publishes or distributes."""
        return next(
            name
            for name, each in self.items()
            if each.role.binds and (each.role.drives or each.role.handles)
        )

    @property
    def handler(self) -> str:
        return next(name for name, each in self.items() if each.role.handles)

    @property
    def extra(self) -> str:
        """The participant that was added for the fault."""
        return next(name for name, each in self.items() if each.extra)

    @property
    def newcomer(self) -> str | None:
        """The last of the clients or subscribers; a single worker is not missed."""
        last = self.repeated[-1]
        return last if self[last].role.consumes else None

    # -- several of them -----------------------------------------------------------------

    def all(self, chosen: Callable[[Role], bool]) -> list[str]:
        """Return the roles of the service that a condition holds for."""
        return [n for n, each in self.items() if chosen(each.role) and not each.extra]

    @property
    def service(self) -> list[str]:
        """All roles of the service."""
        return self.all(lambda _: True)

    @property
    def drivers(self) -> list[str]:
        return self.all(lambda role: role.drives)

    @property
    def consumers(self) -> list[str]:
        return self.all(lambda role: role.consumes)

    @property
    def repeated(self) -> list[str]:
        """The clients, subscribers or workers of the service."""
        return self.all(lambda role: role.name == self.workload.repeated)

    @property
    def late(self) -> set[str]:
        """The roles that only the fault starts."""
        extras = {name for name, each in self.items() if each.extra}
        return extras | set(self.named(self._setup.late))

    @property
    def senders(self) -> int:
        """The number of drivers, with those that were added for the fault."""
        return sum(each.role.drives for each in self.values())

    def named(self, wanted: Sequence[str]) -> Iterator[str]:
        """Yield the ids of the roles that a setup names by id, by name, or in general."""
        general = {REPEATED: self.repeated}
        general[BINDING] = [self.binder] if BINDING in wanted else []
        general[NEWCOMER] = [self.newcomer] if self.newcomer else []
        chosen = {name for word in wanted for name in general.get(word, [])}
        for name, each in self.items():
            if name in chosen or name in wanted or each.role.name in wanted:
                yield name
