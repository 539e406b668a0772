"""The host processes of one trial: spawn, tell, hear, account for and kill them together.

A ``Trial`` has one ``ProcessGroup``, and so has a ``FaultTrial``::

    group = ProcessGroup(logs, padding_bytes)
    group.spawn(name, spec, program)         start a host, and hear it from now on
    group.wait_until(group.all_ready, 20.0)  hear hosts until a condition holds
    group.mark_ready()                       the memory of each counts from here
    group.tell_roles("go", ["serve.0"])      tell the hosts of some roles
    group.tell_all("warm")                   tell every host
    group.progress.seen                      what hosts have told so far
    group.cpu_times()                        what they have used
    group.close()                            kill and reap all of them

There is no thread behind it: hosts are heard in ``hear``, ``hear_for`` and ``wait_until``
only. Several groups live side by side without knowing each other.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.errors import TrialError
from bench.hosts.spec import HostSpec
from bench.trial.descendants import CpuTime
from bench.trial.events import Events
from bench.trial.processes import PYTHON_HOST, Forks, kill_together
from bench.trial.site import HERE, Host, Site

CpuTimes = dict[str, dict[str, CpuTime]]
"""By host, and within it as of ``descendants.cpu_times``."""

END_S = 2.0
"""The longest time for a process to end when it is asked to."""


@dataclass
class Progress:
    """The events of a group's hosts so far. Hosts and roles are named by their ids.

    ``seen`` has the pairs of a consumer and the sender of a message that it received.
    ``counted`` is how many turns each consumer has received completely; a window in one
    piece is one turn. ``paused`` is how often each driver has waited for its turn.
    ``errors`` has the first error of each host's role, if it was called again after that.
    """

    seen: set[tuple[str, int]] = field(default_factory=set)
    warmed: set[str] = field(default_factory=set)
    finished: set[str] = field(default_factory=set)
    counted: Counter[str] = field(default_factory=Counter)
    paused: Counter[str] = field(default_factory=Counter)
    ready: set[str] = field(default_factory=set)
    returned: set[str] = field(default_factory=set)
    build_s: float = 0.0
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    def take(self, host: Host, event: dict[str, Any]) -> None:
        match event["event"]:
            case "ready":
                self.ready.add(host.name)
                self.build_s = max(self.build_s, event["build_s"])
            case "seen":
                self.seen.add((event["role"], event["sender"]))
            case "warmed" | "finished" | "returned" as milestone:
                getattr(self, milestone).add(event["role"])
            case "counted" | "paused" as times:
                getattr(self, times)[event["role"]] += 1
            case "count":
                self.counts |= event["counts"]
            case "result":
                self.results[host.name] = event
            case "failed":
                self.errors.setdefault(host.name, event["error"])


class ProcessGroup:
    """The hosts of one trial. ``logs`` is where their logs go, one for each by its name.

    ``padding_bytes`` as of ``processes.child_environment``. ``forgives`` is asked when a
    host has ended or a role has raised: whether the trial goes on nevertheless.
    """

    def __init__(
        self,
        logs: Path,
        padding_bytes: int = 0,
        forgives: Callable[[], bool] = lambda: False,
    ) -> None:
        self.hosts: list[Host] = []
        self.progress = Progress()
        self.gone_ns: dict[Host, int] = {}
        """When each host had ended that was killed or crashed in the trial."""
        self.peaks_bytes: dict[str, int] = {}
        """The memory peak of each host for which it was noted, by name."""
        self._logs = logs
        self._padding_bytes = padding_bytes
        self._forgives = forgives
        self._events = Events([])

    def spawn(
        self,
        name: str,
        spec: HostSpec,
        program: Sequence[str] = PYTHON_HOST,
        site: Site = HERE,
        forks: Forks | None = None,
    ) -> Host:
        """Start a host at a site; ``program`` and ``forks`` as of ``Site.spawn``."""
        log = self._logs / f"{name}.log"
        host = site.spawn(name, spec, log, self._padding_bytes, program, forks)
        self.hosts.append(host)
        self._events.add(host)
        return host

    # -- tell and hear -------------------------------------------------------------------

    def tell_roles(self, do: str, ids: Collection[str]) -> None:
        """Tell something to roles, each in its host."""
        for host in self.hosts:
            for role in host.spec.roles:
                if role.id in ids:
                    host.tell(do, role=role.id)

    def tell_all(self, do: str) -> None:
        """Tell something to every host."""
        for host in self.hosts:
            host.tell(do)

    def end(self) -> None:
        """Tell every host to write its result and leave: roles may raise from now on."""
        self._events.ending = True
        self.tell_all("end")

    def hear(self, for_s: float) -> None:
        """Read what arrives within some seconds, at most one batch of it.

        Raises TrialError when a role raised or a host ended, unless that is forgiven.
        """
        try:
            for host, event in self._events.wait(for_s):
                self.progress.take(host, event)
        except TrialError:
            if not self._forgives():
                raise

    def hear_for(self, seconds: float) -> None:
        """Read what hosts tell for so many seconds; errors as of ``hear``."""
        self.wait_until(lambda: False, seconds)

    def wait_until(
        self, done: Callable[[], bool], timeout_s: float, look_s: float | None = None
    ) -> bool:
        """Read what hosts tell until a condition holds; return whether it did in time.

        ``look_s`` is how often to look if no host tells that it holds. Errors as of
        ``hear``.
        """
        deadline = time.monotonic() + timeout_s
        while not (is_so := done()) and (left_s := deadline - time.monotonic()) > 0:
            self.hear(left_s if look_s is None else look_s)
        return is_so

    def all_ready(self) -> bool:
        """Say whether every host has loaded its program."""
        return self.progress.ready >= {host.name for host in self.hosts}

    def playing(self, role: str) -> Host:
        """Return the host that plays a role, by the role's id."""
        return next(h for h in self.hosts for r in h.spec.roles if r.id == role)

    def last_words(self) -> str:
        """Return the end of each host's log, below its name; '' if all are empty."""
        words = [(host.name, host.last_words()) for host in self.hosts]
        return "".join(f"\n  {name} wrote:{said}" for name, said in words if said)

    # -- what they use -------------------------------------------------------------------

    def mark_ready(self) -> None:
        """Take the memory that each host has now for its zero."""
        for host in self.hosts:
            host.mark_ready()

    def cpu_times(self) -> CpuTimes:
        """Return the CPU time of each host's threads and of all that it has started."""
        return {host.name: host.cpu_times() for host in self.hosts}

    def note_peak(self, host: Host) -> None:
        """Note the memory peak of a host, unless it has ended."""
        if host not in self.gone_ns and host.status() is None:
            self.peaks_bytes[host.name] = host.peak_above_ready_bytes()

    # -- how they end --------------------------------------------------------------------

    def let_leave(self, host: Host) -> None:
        """Note the peak of a host and hear no more of it: it is about to leave."""
        self.note_peak(host)
        self._events.forget(host)

    def kill(self, host: Host) -> None:
        """Send SIGKILL to one host and wait for its end; the trial goes on."""
        self.let_leave(host)
        host.kill_group()
        host.status(wait_s=None)
        self.gone_ns[host] = time.perf_counter_ns()

    def ask_to_end(self, host: Host) -> None:
        """Ask one host to end with SIGTERM, as a supervisor does, and kill what is left."""
        self.let_leave(host)
        host.terminate()
        host.status(END_S)
        self.kill(host)

    def crashed(self) -> list[Host]:
        """Return the hosts that a signal has ended since the last call."""
        found = [
            host
            for host in self.hosts
            if host not in self.gone_ns and (host.status() or 0) < 0
        ]
        for host in found:
            self._events.forget(host)
            self.gone_ns[host] = time.perf_counter_ns()
        return found

    def close(self) -> None:
        """Kill and reap every host; harmless on those that are gone."""
        close_together([self])

    def stop_hearing(self) -> None:
        """Hear no more of any host. Harmless when done."""
        self._events.close()


def close_together(groups: Collection[ProcessGroup]) -> None:
    """Kill and reap every host of some groups, faster than one group after another."""
    for group in groups:
        group.stop_hearing()
    kill_together([host for group in groups for host in group.hosts])
