"""One trial: a host for every role of a case, and the order of their commands.

Binding roles start first, and are observed to listen; then the drivers, then the roles that
connect. Join lasts until every peer has been seen, warm-up is declared, the window is
opened by the harness and ends when everything has arrived or nothing more does. No step
sleeps until its peers are probably ready.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.contract.model import DIRECT, INPROC, Case, Cell, Role
from bench.errors import TrialError
from bench.hosts.spec import HostSpec, RoleSpec
from bench.trial import addresses
from bench.trial.ceilings import blames_ceilings
from bench.trial.clock import Offset, between
from bench.trial.fork_servers import ForkServers
from bench.trial.keys import make_keys
from bench.trial.open_files import allow_connections
from bench.trial.placement import cpus_for
from bench.trial.process_group import CpuTimes, ProcessGroup
from bench.trial.processes import PADDING_BYTES_MAX, host_program
from bench.trial.record import RoleRecord, TrialRecord, Window, read_records
from bench.trial.scratch import scratch_folder
from bench.trial.site import Host, Site, sites_of
from bench.trial.specs import host_spec, pairs_to_see, role_spec, signature

READY_S = 20.0
JOIN_S = 10.0
BESIDE_S = 2.0
"""How much longer a trial may take to be ready, to join and to end, for each beside it."""
HOST_S = 0.25
"""How much longer for each of its hosts beyond ``HOSTS_USUAL``, which start together."""
HOSTS_USUAL = 8
WINDOW_S = 30.0
RESULT_S = 10.0
SETTLED_S = 0.2
"""Silence after which warm-up counts as over, if some of it may be lost."""
POLL_S = 0.005
COUNT_POLL_S = 0.05
PILOT_QUIET_S = 0.1
QUIET_S = 0.5
"""Silence after which missing messages count as lost."""
UNASKED_S = 0.05
"""How long the end of a turn is waited for before consumers are asked what they have."""
LISTEN_POLL_S = 0.001
DEFAULT_CHECK_SIZE_BYTES = 64

Relay = Callable[[str], str]


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
        servers: ForkServers | None = None,
    ) -> None:
        self.case = case
        self._servers = servers
        self.played_by = played_by or {}
        self.window = window
        self.folder = folder
        self.workload = case.cell.workload
        self.relay = relay
        self.sites = sites_of(case.placement)
        bound_at = {n: self._site(r, 0) for r in self.workload.roles for n in r.binds}
        names = sorted(bound_at)
        self.bound = addresses.assign(names, case.transport, folder, rng, bound_at)
        self.public = dict(self.bound)
        self.beside = 0
        """How many other trials start and end at the same time."""
        self.group = ProcessGroup(logs, rng.randrange(PADDING_BYTES_MAX))
        self.progress = self.group.progress

    @property
    def hosts(self) -> list[Host]:
        return self.group.hosts

    # -- placement of the processes ------------------------------------------------------

    def instances(self, role: Role) -> list[str]:
        one = role.name != self.workload.repeated or self.window.connections
        count = 1 if one else self.case.instances
        return [f"{role.name}.{number}" for number in range(count)]

    def _all(self, wanted: Callable[[Role], bool]) -> list[str]:
        return [
            name
            for role in self.workload.roles
            if wanted(role)
            for name in self.instances(role)
        ]

    def _site(self, role: Role, number: int) -> Site:
        return self.sites.of(self.workload, role, number)

    def role_spec(self, role: Role, number: int) -> RoleSpec:
        urls = [self.bound[name] for name in role.binds]
        urls += [self.public[name] for name in role.connects]
        return role_spec(role, number, urls, expected=self._taken(self.window.messages))

    def _taken(self, messages: int) -> int:
        """Return how many of so many given messages one consumer takes."""
        return self.workload.deliveries(messages, self.window.connections or 1)

    def host_spec(
        self, cell: Cell, roles: Sequence[RoleSpec], cpus: Sequence[int] = ()
    ) -> HostSpec:
        window, case = self.window, self.case
        checking = bool(window.sizes_bytes)
        asked = vars(window) | {
            "stamp_each": window.stamp_each or window.limit_s is not None
        }
        return host_spec(
            cell,
            roles,
            self.folder,
            case.transport,
            size_bytes=DEFAULT_CHECK_SIZE_BYTES if checking else case.size_bytes,
            cpus=tuple(cpus),
            in_turn=case.transport == DIRECT,
            checking=checking,
            **asked,
        )

    def _spawn(
        self, name: str, roles: Sequence[RoleSpec], cpus: Sequence[int], site: Site
    ) -> None:
        cell = self.played_by.get(roles[0].name, self.case.cell)
        spec = self.host_spec(cell, roles, cpus)
        forks = self._servers.of(cell, self.case.copy) if self._servers else None
        self.group.spawn(name, spec, host_program(cell), site, forks)

    def spawn(self) -> None:
        """Start a host for each role, or one for all where the transport has no reach."""
        placement = self.case.placement
        make_keys(self.case.cell.variant.security, self.folder, self.bound.values())
        for site in self.sites.distinct():
            site.send(self.folder)
        if self.case.transport in (INPROC, DIRECT):
            roles = [spec for _, spec in self._role_specs()]
            cpus = cpus_for(placement, drives=False)
            self._spawn("all_roles", roles, cpus, self.sites.driver)
        else:
            for site, spec in self._role_specs():
                cpus = list(site.cpus) or cpus_for(placement, spec.drives)
                self._spawn(spec.id, [spec], cpus, site)
        for host in self.hosts if self.window.connections else ():
            allow_connections(host, self.window.connections)

    def _role_specs(self) -> Iterator[tuple[Site, RoleSpec]]:
        for role in self.workload.roles:
            for number in range(len(self.instances(role))):
                yield self._site(role, number), self.role_spec(role, number)

    # -- how it goes ---------------------------------------------------------------

    def _patient(self, seconds: float) -> float:
        further = max(0, len(self.hosts) - HOSTS_USUAL)
        return seconds + BESIDE_S * self.beside + HOST_S * further

    def _await(self, what: str, timeout_s: float, done: Callable[[], bool]) -> None:
        if not self.group.wait_until(done, timeout_s):
            raise TrialError(f"{what} within {timeout_s:g} s: {self._state()}")

    def _state(self) -> str:
        progress = self.progress
        return (
            f"seen {sorted(progress.seen) or 'nobody'}, "
            f"streams used up {sorted(progress.finished) or 'none'}, "
            f"returned {sorted(progress.returned) or 'none'}, "
            f"arrived {progress.counts or 'nothing'}{self.group.last_words()}"
        )

    def await_listening(self, roles: list[Role]) -> None:
        """Wait until something listens at each address that the roles bind."""
        binding = [(role, name) for role in roles for name in role.binds]
        for role, name in binding:
            url = self.bound[name]
            listens = partial(self.group.playing(self.instances(role)[0]).listens, url)
            join_s = self._patient(JOIN_S)
            if not self.group.wait_until(listens, join_s, LISTEN_POLL_S):
                raise TrialError(f"no process listened at {url} in {join_s:g} s")

    def join(self) -> float:
        """Start the roles in order and wait until all have been seen; return seconds."""
        roles = self.workload.roles
        ready_s = self._patient(READY_S)
        self._await("not every host was ready", ready_s, self.group.all_ready)
        self.group.mark_ready()
        steps = (
            [role for role in roles if role.binds and not role.drives],
            [role for role in roles if role.drives],
            [role for role in roles if not role.binds and not role.drives],
        )
        for step in steps:
            started = time.monotonic()
            ids = [name for role in step for name in self.instances(role)]
            self.group.tell_roles("go", ids)
            if self.case.transport not in (INPROC, DIRECT):
                self.await_listening(step)
        awaited = self._awaited()
        self._await(
            f"not every peer was seen ({sorted(awaited)} should be)",
            self._patient(JOIN_S),
            lambda: self.progress.seen >= awaited,
        )
        return time.monotonic() - started

    def _awaited(self) -> set[tuple[str, int]]:
        """Return the (consumer, sender) pairs that must be seen before the window."""
        consumers = self._all(lambda role: role.consumes)
        workers = [
            signature(role, number)
            for role in self.workload.roles
            if role.handles
            for number in range(len(self.instances(role)))
        ]
        return pairs_to_see(consumers, workers)

    def warm_up(self) -> None:
        drivers = self._all(lambda role: role.drives)
        self.group.tell_all("warm")
        self._await(
            "warm-up did not end",
            WINDOW_S,
            lambda: self.progress.warmed >= set(drivers),
        )
        if not self.workload.lockstep and self.case.transport != DIRECT:
            self._await_quiet(SETTLED_S, self._warm_up_is_in)

    def _warm_up_is_in(self) -> bool:
        """Return whether every consumer has all of warm-up; one that may lose never has."""
        counts, wanted = self.progress.counts, self._taken(self.window.warm_up)
        consumers = self._all(lambda role: role.consumes)
        return all(counts.get(consumer, 0) >= wanted for consumer in consumers)

    def _await_quiet(self, quiet_s: float, done: Callable[[], bool]) -> None:
        """Wait until arrivals have stood still for ``quiet_s`` seconds, or all is done."""
        before, since = dict(self.progress.counts), time.monotonic()
        deadline = since + WINDOW_S
        poll_s = POLL_S
        while time.monotonic() - since < quiet_s and not done():
            if time.monotonic() > deadline:
                raise TrialError(
                    f"messages kept coming for {WINDOW_S:g} s: {self._state()}"
                )
            if self.group.wait_until(done, poll_s):
                return
            self._ask_arrivals()
            poll_s = min(2 * poll_s, quiet_s / 5)  # rarely: asking takes CPU time too
            if self.progress.counts != before:
                before, since = dict(self.progress.counts), time.monotonic()

    def _ask_arrivals(self) -> None:
        """Ask consumers how many messages they have; the answers come later."""
        for host in self.hosts:
            if any(role.consumes for role in host.spec.roles):
                host.tell("count")

    def measure(self) -> None:
        """Open the window, and wait until all has arrived or arrivals have stopped."""
        self.open_window()
        self.await_end()

    def open_window(self) -> None:
        self._ahead = self._offsets()
        self.group.tell_all("window")

    def _offsets(self) -> dict[Site, Offset]:
        """Return how far the clocks of consumers' sites are ahead of the driver's."""
        driver, consumer = self.sites.driver, self.workload.consumer
        places = [
            self._site(consumer, number) for number in range(len(self.instances(consumer)))
        ]
        return {site: site.ahead_of(driver) for site in {*places} - {driver}}

    def _to_one_clock(self, roles: Mapping[str, RoleRecord]) -> int:
        """Move consumers' stamps to the driver's clock; return how wrong they may be."""
        after, bounds_ns = self._offsets(), [0]
        for number, name in enumerate(self.instances(self.workload.consumer)):
            site = self._site(self.workload.consumer, number)
            if site in after and name in roles:
                offset = between(self._ahead[site], after[site])
                bounds_ns.append(offset.bound_ns)
                if (arrived_ns := roles[name].arrived_ns) is not None:
                    arrived_ns -= offset.ns
        return max(bounds_ns)

    def give_for(self, seconds: float) -> None:
        """Wait until the drivers have used their streams up, or so many seconds."""
        drivers = set(self._all(lambda role: role.drives))
        self.group.wait_until(lambda: self.progress.finished >= drivers, seconds)

    @property
    def arrivals(self) -> int:
        """How many messages consumers were last heard to have, those of warm-up too."""
        return sum(self.progress.counts.values())

    def arrivals_after(self, seconds: float, enough: int = 0) -> int:
        """Return ``arrivals`` when there are enough, else after so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            self._ask_arrivals()
            self.group.hear_for(COUNT_POLL_S)
            if time.monotonic() > deadline or (enough and self.arrivals >= enough):
                return self.arrivals

    def settled_arrivals(self) -> int:
        """Return ``arrivals`` once consumers have been asked anew and it stands still.

        On a busy machine what was last heard may be older than warm-up.
        """
        self.progress.counts.clear()
        self.arrivals_after(WINDOW_S, enough=1)
        self._await_quiet(SETTLED_S, lambda: False)
        return self.arrivals

    def await_end(self) -> None:
        """Wait until all of the window has arrived or nothing more does."""
        progress = self.progress
        drivers = set(self._all(lambda role: role.drives))
        consumers = set(self._all(lambda role: role.consumes))

        def all_in() -> bool:
            return progress.counted.keys() >= consumers

        def given() -> bool:
            return progress.finished >= drivers

        self._await("the window did not end", WINDOW_S, lambda: all_in() or given())
        if self.window.sizes_bytes:
            self._await_quiet(QUIET_S, lambda: False)  # is there one too many?
        elif not (self.workload.lockstep and given()):
            self._await_quiet(PILOT_QUIET_S if self.window.limit_s else QUIET_S, all_in)

    def open_turns(self) -> None:
        """Open a window that is cut into turns, and wait until drivers are at the first."""
        self.open_window()
        self._await_paused(1)

    def take_turn(self) -> None:
        """Let the drivers give one turn; wait until it has arrived or nothing more does."""
        drivers = self._all(lambda role: role.drives)
        consumers = self._all(lambda role: role.consumes)
        turns = self.progress.paused[drivers[0]]

        def all_in() -> bool:
            return all(self.progress.counted[consumer] >= turns for consumer in consumers)

        self.group.tell_roles("turn", drivers)
        self._await_paused(turns + 1)
        if not self.group.wait_until(all_in, UNASKED_S):
            self._await_quiet(SETTLED_S if self.case.cell.lossy else QUIET_S, all_in)

    def _await_paused(self, times: int) -> None:
        drivers = self._all(lambda role: role.drives)
        self._await(
            "a turn was not given",
            WINDOW_S,
            lambda: all(self.progress.paused[driver] >= times for driver in drivers),
        )

    def end(self) -> None:
        """Tell the hosts to write their records and leave, and note their memory before."""
        for host in self.hosts:
            self.group.note_peak(host)
        self.group.end()

    def await_results(self) -> None:
        """Wait until every host that was told to leave has left its result."""
        hosts = {host.name for host in self.hosts}
        self._await(
            "not every host left its result",
            self._patient(RESULT_S),
            lambda: self.progress.results.keys() >= hosts,
        )

    def record(self, cpu: CpuTimes, join_s: float, began: float) -> TrialRecord:
        """Return what a trial leaves after ``end``; ``began`` is of ``time.monotonic``."""
        self.await_results()
        for site in self.sites.distinct():
            site.bring(self.folder)
        results = self.progress.results
        roles = {record.id: record for record in read_records(self.folder, results)}
        return TrialRecord(
            roles=roles,
            cpu=cpu,
            peak_bytes=self.group.peaks_bytes,
            sockets={n: e["sockets"] for n, e in results.items()},
            build_s=self.progress.build_s,
            join_s=join_s,
            total_s=time.monotonic() - began,
            clock_bound_ns=self._to_one_clock(roles),
        )

    def kill(self) -> None:
        self.group.close()


def used_since(before: CpuTimes, after: CpuTimes) -> CpuTimes:
    """Return the CPU time of each host and thread between two readings."""
    return {
        host: {name: used.since(before[host].get(name)) for name, used in threads.items()}
        for host, threads in after.items()
    }


@blames_ceilings
def run_trial(
    case: Case,
    window: Window,
    logs: Path,
    rng: random.Random,
    relay: Relay | None = None,
    played_by: Mapping[str, Cell] | None = None,
    measure: Callable[[Trial], None] = Trial.measure,
    servers: ForkServers | None = None,
    kind: type[Trial] = Trial,
) -> TrialRecord:
    """Run one trial in fresh processes and return what it left.

    ``logs`` is where the hosts' logs go. ``relay`` is given a listening address and
    returns the one at which connecting roles are to find it. ``played_by`` names roles
    that another cell plays. ``measure`` opens the window and waits for its end. Hosts are
    copies made by ``servers``, if given. ``kind`` is the class of the trial. Raises
    TrialError when a role fails or hangs, NotMeasurable when the machine lacks what the
    case needs; no process of the trial lives on either way.
    """
    began = time.monotonic()
    logs.mkdir(parents=True, exist_ok=True)
    if servers:
        servers.load([case], logs)
    with scratch_folder() as folder:
        trial = kind(case, window, folder, logs, rng, played_by=played_by, servers=servers)
        if relay:
            trial.public = {name: relay(url) for name, url in trial.bound.items()}
        try:
            trial.spawn()
            join_s = trial.join()
            trial.warm_up()
            before = trial.group.cpu_times()
            measure(trial)
            cpu = used_since(before, trial.group.cpu_times())
            trial.end()
            return trial.record(cpu, join_s, began)
        finally:
            trial.kill()
