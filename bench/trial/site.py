"""Where the processes of a trial run: a site starts hosts, and a trial speaks with these.

``Here`` is this machine, or a network namespace of it. ``bench.sites`` has sites elsewhere.
A trial does not know which it has. Its placement decides: ``apart`` puts the driver at one
site and its peers at others, every other placement puts all of them here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from bench.contract.model import APART, Role, Workload
from bench.errors import NotMeasurable, TrialError
from bench.hosts.spec import HostSpec
from bench.trial import addresses
from bench.trial.clock import SAME_CLOCK, Offset
from bench.trial.descendants import CpuTime
from bench.trial.processes import PYTHON_HOST, Forks, HostProcess


class Host(Protocol):
    """One host of a trial, wherever it runs. Its errors are TrialErrors.

    ``pid`` and ``mark`` (``descendants.owner``) are of the machine on which it runs.
    """

    name: str
    spec: HostSpec
    mark: str

    @property
    def pid(self) -> int: ...

    @property
    def events_fd(self) -> int:
        """The descriptor that is readable when the host has told something."""

    def tell(self, do: str, **more: Any) -> None:
        """Send a command, which is the message of no workload."""

    def read_events(self) -> Iterator[dict[str, Any]]:
        """Yield the events that have arrived; raises TrialError when the host is gone."""

    def moment(self, harness_ns: int) -> int:
        """Return a moment of the harness's clock as the clock of this host has it."""

    def status(self, wait_s: float | None = 0.0) -> int | None:
        """Return the exit status, negative for a signal; None if it lives after a wait.

        ``wait_s`` None waits for the end.
        """

    def listens(self, url: str) -> bool:
        """Return whether a socket accepts at a URL in the network of this host."""

    def failure(self, what: str) -> TrialError:
        """Return an error with the exit status and the last words of this host."""

    def last_words(self) -> str:
        """Return the end of this host's log, each line on one of its own; "" if empty."""

    def cpu_times(self) -> dict[str, CpuTime]:
        """Return CPU times as of ``descendants.cpu_times``."""

    def mark_ready(self) -> None:
        """Take the memory of a host that has loaded its program as its zero."""

    def peak_above_ready_bytes(self) -> int:
        """Return the peak of memory above what the host had when ready, with its tree's."""

    def limit_descriptors(self, most: int) -> None:
        """Allow the host so many open files, and no more."""

    def signal_group(self, number: int) -> None:
        """Send a signal to the host and to those that it has started."""

    def terminate(self) -> None:
        """Ask the host to end with SIGTERM; harmless if it has."""

    def kill_group(self) -> None:
        """Send SIGKILL to the host and to whatever its program may have started."""

    def reap(self) -> None:
        """Wait for the end of a killed host, and end what it left when it was told to."""


class Site(Protocol):
    """A place where hosts run, with a network and CPUs.

    ``address`` is the IP address at which its sockets are bound. ``cpus`` are those that
    its roles may use; none where that is left to the placement.
    """

    name: str
    address: str
    cpus: tuple[int, ...]

    def free_port(self, rng: random.Random, taken: Collection[int]) -> int:
        """Return a port that is free now and not ``taken``."""

    def spawn(
        self,
        name: str,
        spec: HostSpec,
        log: Path,
        padding_bytes: int = 0,
        program: Sequence[str] = PYTHON_HOST,
        forks: Forks | None = None,
    ) -> Host:
        """Start a host. ``log`` is its log on this machine, at the latest when reaped.

        ``padding_bytes`` as of ``processes.child_environment``. ``program`` is the host's
        own command, for the language of its cell. With ``forks`` it may be a copy instead.
        """

    def send(self, folder: Path) -> None:
        """See that hosts of a trial find the files of its folder, such as keys."""

    def ahead_of(self, other: Site) -> Offset:
        """Return by how much the clock of this site is ahead of another's."""

    def bring(self, folder: Path) -> None:
        """See that what the hosts of a trial wrote is in its folder on this machine."""

    def clock(self) -> Offset:
        """Return by how much the clock of this site is ahead of the harness's."""

    def refresh(self, folder: Path) -> None:
        """See that the ledgers in the folder of a trial are as they are now.

        Their moments are of the harness's clock.
        """

    def drop(self, ports: Sequence[int], packets: bool) -> tuple[int, int]:
        """Drop packets to and from some ports where they arrive, or no longer.

        Return the moments before and after that. Raises NotMeasurable where this is not
        permitted.
        """


class Here:
    """This machine. ``enter`` is a command that starts hosts in a namespace of it."""

    def __init__(
        self,
        enter: Sequence[str] = (),
        address: str = addresses.LOOPBACK,
        cpus: tuple[int, ...] = (),
        name: str = "here",
    ) -> None:
        self.name = name
        self.address = address
        self.cpus = cpus
        self._enter = enter

    def free_port(self, rng: random.Random, taken: Collection[int]) -> int:
        return addresses.free_port(rng, taken)

    def spawn(
        self,
        name: str,
        spec: HostSpec,
        log: Path,
        padding_bytes: int = 0,
        program: Sequence[str] = PYTHON_HOST,
        forks: Forks | None = None,
    ) -> Host:
        copied = None if self._enter else forks  # a copy is where its server is
        return HostProcess(name, spec, log, padding_bytes, self._enter, program, copied)

    def send(self, folder: Path) -> None:
        """Do nothing: hosts work in the folder itself."""

    def ahead_of(self, other: Site) -> Offset:
        assert isinstance(other, Here)
        return SAME_CLOCK

    def bring(self, folder: Path) -> None:
        """Do nothing: hosts write to the folder itself."""

    def clock(self) -> Offset:
        return SAME_CLOCK

    def refresh(self, folder: Path) -> None:
        """Do nothing: hosts write to the folder itself."""

    def drop(self, ports: Sequence[int], packets: bool) -> tuple[int, int]:
        del ports, packets
        raise NotMeasurable("packets are dropped where an agent is: give the run --hosts")


HERE = Here()


class LinkCounts(NamedTuple):
    """The counts of a link with a delay so far, over both directions.

    ``dropped`` counts packets that found its queue full, ``dropped_before`` those that the
    kernel dropped because the link did not read them in time. ``late_us`` is the mean time
    that packets left after they were due, ``latest_us`` the longest. ``cpu_s`` is the CPU
    time of the link. Part of what the kernel does for the receiving host is in it.
    """

    delay_ms: float
    passed: int
    passed_bytes: int
    dropped: int
    dropped_before: int
    most_queued_bytes: int
    late_us: float
    latest_us: float
    cpu_s: float


class Sites(NamedTuple):
    """The sites of a trial: one for the driver, and at least one for its peers.

    ``link`` returns the counts of the link between them, where that is the project's own.
    """

    driver: Site
    peers: tuple[Site, ...]
    link: Callable[[], LinkCounts] | None = None

    def of(self, workload: Workload, role: Role, number: int) -> Site:
        """Return where one instance of a role runs.

        A single consumer is with its driver, so that one clock stamps both.
        """
        if role.drives or (role.consumes and role.name != workload.repeated):
            return self.driver
        return self.peers[number % len(self.peers)]

    def distinct(self) -> list[Site]:
        """Return each site once, the driver's first."""
        return list(dict.fromkeys((self.driver, *self.peers)))


_apart: ContextVar[Sites | None] = ContextVar("apart", default=None)


@contextmanager
def apart_on(sites: Sites) -> Iterator[None]:
    """Use these sites for trials that are placed apart, as long as the block lasts."""
    before = _apart.set(sites)
    try:
        yield
    finally:
        _apart.reset(before)


def sites_of(placement: str) -> Sites:
    """Return where the roles of a trial run.

    Raises NotMeasurable for ``apart`` where no other sites are known.
    """
    if placement != APART:
        return Sites(HERE, (HERE,))
    sites = _apart.get()
    if sites is None:
        raise NotMeasurable(
            "placement apart needs two hosts: start the run with --hosts namespaces"
        )
    return sites


def counts_of_link() -> LinkCounts | None:
    """Return the counts of the link between hosts apart; None without such a link.

    Raises TrialError if it is gone.
    """
    sites = _apart.get()
    return sites.link() if sites and sites.link else None


def without_addresses(text: str) -> str:
    """Return a text with the names of hosts apart in place of their addresses.

    A run is published with the reasons of its failures, and says no address.
    """
    sites = _apart.get()
    for site in sites.distinct() if sites else ():
        text = re.sub(rf"(?<![\d.]){re.escape(site.address)}(?!\d)", site.name, text)
    return text
