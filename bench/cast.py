"""Who plays in a trial with a fault: the roles of its workload, and what to call them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.contract import Cell, Role
from bench.faults import Setup
from bench.network.tools import tool
from bench.processes import HostProcess

BINDING = "binding"
"""In a fault's setup: the role that is bound to by the others, whatever it is called."""
REPEATED = "repeated"
"""In a fault's setup: the clients, subscribers or workers."""
NEWCOMER = "newcomer"
"""In a fault's setup: the last of the clients or subscribers; no worker is meant."""
FRONT = "front"
"""The address of the middle, which is all that peers know where there is one."""


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


class Company:
    """Everyone who plays a role, by id (``serve.0``): of the service, or for the fault."""

    def __init__(self, cell: Cell, setup: Setup) -> None:
        self.workload, self.setup = cell.workload, setup
        self.cast: dict[str, Cast] = {}
        for role in self.workload.roles:
            count = setup.instances if role.name == self.workload.repeated else 1
            for number in range(count):
                far = role.name == self.workload.repeated
                self.cast[f"{role.name}.{number}"] = Cast(role, number, far)
        for wanted in setup.extra:
            cast = self.cast[next(self.named([wanted]))]
            number = sum(other.role == cast.role for other in self.cast.values())
            extra = Cast(cast.role, number, cast.far, extra=True)
            self.cast[f"{cast.role.name}.{number}"] = extra
        if setup.middle:
            self._put_in_the_middle(cell)

    def _put_in_the_middle(self, cell: Cell) -> None:
        for program in cell.variant.programs:
            tool(program)
        back = self.cast[self.binder].role.binds
        proxy = Role("proxy", binds=(FRONT,), connects=back)
        self.cast["proxy.0"] = Cast(proxy, 0, far=False)

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
        return self.all(lambda role: role.name == self.workload.repeated)

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

    def all(self, chosen: Callable[[Role], bool]) -> list[str]:
        """Return the roles of the service that a condition holds for."""
        return [n for n, cast in self.cast.items() if chosen(cast.role) and not cast.extra]

    @property
    def drivers(self) -> list[str]:
        return self.all(lambda role: role.drives)

    @property
    def consumers(self) -> list[str]:
        return self.all(lambda role: role.consumes)

    @property
    def senders(self) -> int:
        """How many drivers there are, with those that are there for the fault alone."""
        return sum(cast.role.drives for cast in self.cast.values())
