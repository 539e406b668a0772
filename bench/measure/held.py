"""Held connections: one process opens many, and keeps them.

Clients may be the program's own. Then its function is called once for each connection, and
its messages go over them in turn (``bench.hosts.connections``). Or they are a crowd in C
(``bench/contract/crowd``), which speaks the wire of the program's server, and is the same
generator for all of that wire. Subscribers and workers are a crowd only: a process of its
own for each would fill the CPUs.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.contract.find import crowd_of
from bench.contract.model import Case, Cell, Role
from bench.errors import NotMeasurable
from bench.measure.common import Metadata, free_running_pilot
from bench.trial.build import build, lacking, not_built
from bench.trial.descendants import PROCESS, cpu_times, tree_memory_bytes, wake_ups
from bench.trial.record import RoleRecord, TrialRecord, Window
from bench.trial.ticks import Ticks, ticks_now
from bench.trial.trial import Trial, run_trial

HELD = ("idle_memory", "cost")
"""The quantities whose repeated roles are connections of one process."""
WARM_UP_OF_STREAMS = 10


@dataclass(frozen=True)
class Use:
    """The use of a process with its descendants, up to a moment of ``time.monotonic``.

    ``memory_bytes`` is the anonymous memory that is resident: heaps and stacks.
    """

    at_s: float
    memory_bytes: int
    run_ns: int
    wake_ups: int

    def per_second(self, before: Use) -> tuple[float, float]:
        """Return milliseconds of CPU time, and wake-ups, for each second since then."""
        seconds = self.at_s - before.at_s
        run_ms = (self.run_ns - before.run_ns) / 1e6
        return run_ms / seconds, max(0, self.wake_ups - before.wake_ups) / seconds


Uses = Mapping[str, Use]
"""The use of each host, by its name."""


@dataclass(frozen=True)
class Moment:
    """The use of the hosts, of the harness and of the whole machine, up to a moment."""

    hosts: Uses
    harness_s: float
    machine: Ticks | None

    def others_share(self, before: Moment) -> float | None:
        """Return the share of all CPU time since then that others took, 0 to 1.

        None where the kernel does not count it. It counts in ticks of 10 ms, so that a
        single window tells no better than to a few hundredths.
        """
        if not (self.machine and before.machine):
            return None
        passed_s = self.machine.total_s - before.machine.total_s
        busy_s = self.machine.busy_s - before.machine.busy_s
        hosts_ns = sum(use.run_ns - before.hosts[n].run_ns for n, use in self.hosts.items())
        own_s = hosts_ns / 1e9 + self.harness_s - before.harness_s
        return max(0.0, busy_s - own_s) / passed_s if passed_s > 0 else None


class Held(Trial):
    """A trial that notes what its hosts use before there is any connection."""

    unconnected: Uses

    def await_listening(self, roles: list[Role]) -> None:
        super().await_listening(roles)
        if any(role.binds for role in roles):
            self.unconnected = self.uses()

    def uses(self) -> Uses:
        """Return what each host has used so far."""
        return {host.name: _use(host.pid) for host in self.hosts}

    def moment(self) -> Moment:
        """Return the use of all of them so far."""
        return Moment(self.uses(), time.process_time(), ticks_now())


def _use(pid: int) -> Use:
    return Use(
        time.monotonic(),
        tree_memory_bytes(pid),
        cpu_times(pid)[PROCESS].run_ns,
        wake_ups(pid),
    )


def pilot(case: Case) -> Window:
    """Return the window of a pilot, which finds how long a connection takes to open.

    A stream has one subscriber here, the program's own. Raises NotMeasurable for streams
    without a crowd.
    """
    made = free_running_pilot(case)
    if not case.cell.workload.lockstep:
        needed_crowd(case)
        return replace(made, connections=1)
    return replace(made, connections=case.instances, afresh=True)


def window(case: Case, messages: int, rate_hz: float) -> Window:
    """Return a window of so many messages a second, evenly spaced.

    Requests go over all connections in turn. In warm-up each has one, by which it is
    opened. The driver of a stream sleeps between messages, and never spins: CPU time that
    it took to be in time would count as the program's.
    """
    if not case.cell.workload.lockstep:
        return Window(
            messages,
            warm_up=WARM_UP_OF_STREAMS,
            stamp_each=True,
            interval_s=1 / rate_hz,
            connections=case.instances,
        )
    return Window(
        messages,
        warm_up=case.instances,
        stamp_each=True,
        rate_hz=rate_hz,
        evenly=True,
        connections=case.instances,
    )


def run(
    case: Case,
    made: Window,
    logs: Path,
    rng: random.Random,
    measure: Callable[[Held], None],
    crowd: Cell | None = None,
) -> TrialRecord:
    """Make a trial with held connections; ``measure`` as of ``run_trial``.

    The repeated role is the program's own, or a crowd. A record of subscribers becomes one
    for each of them.
    """

    def watched(trial: Trial) -> None:
        assert isinstance(trial, Held)
        measure(trial)

    played_by = {case.cell.workload.repeated: crowd} if crowd else {}
    trial = run_trial(
        case, made, logs, rng, played_by=played_by, measure=watched, kind=Held
    )
    for consumer in trial.of(case.cell.workload.consumer):
        if consumer.places is None:
            _put_in_order(consumer)
        else:
            del trial.roles[consumer.id]
            trial.roles |= {one.id: one for one in of_each(consumer, case.instances)}
    return trial


def crowd_for(case: Case) -> Cell | None:
    """Return the crowd for a case's program, built; None without one, or a compiler."""
    crowd = crowd_of(case.cell.variant, case.cell.workload.name)
    if crowd is None or lacking(crowd):
        return None
    build(crowd)
    return crowd


def needed_crowd(case: Case) -> Cell:
    """Return the crowd for a case's program, built. Raises NotMeasurable without one."""
    crowd = crowd_of(case.cell.variant, case.cell.workload.name)
    if crowd is None:
        raise NotMeasurable(
            f"many {case.cell.workload.repeated_label} of {case.cell.id} need a crowd that "
            f"speaks its wire: name one as `crowd` in {case.cell.stack.folder}/stack.toml"
        )
    if packages := lacking(crowd):
        raise NotMeasurable(f"the crowd {crowd.id} is {not_built(packages)}")
    build(crowd)
    return crowd


def of_each(consumer: RoleRecord, connections: int) -> Iterator[RoleRecord]:
    """Yield a record for each connection of a host of subscribers.

    Samples that were found wrong count with the first.
    """
    assert consumer.heads is not None
    assert consumer.arrived_ns is not None
    assert consumer.places is not None
    role = consumer.id.split(".")[0]
    stamped = consumer.places[: len(consumer.arrived_ns)]
    for place in range(connections):
        mine = consumer.places == place
        yield RoleRecord(
            f"{role}.{place}",
            {
                **consumer.counts,
                "role": f"{role}.{place}",
                "count": int(mine.sum()),
                "wrong": 0 if place else consumer.counts["wrong"],
            },
            arrived_ns=consumer.arrived_ns[stamped == place],
            heads=consumer.heads[mine],
        )


def _put_in_order(consumer: RoleRecord) -> None:
    """Sort what a consumer recorded by sequence: of several connections none is first."""
    assert consumer.heads is not None
    assert consumer.arrived_ns is not None
    order = np.argsort(consumer.heads["sequence"], kind="stable")
    if len(order) == len(consumer.arrived_ns):
        consumer.heads = consumer.heads[order]
        consumer.arrived_ns = consumer.arrived_ns[order]


def by_role(uses: Uses) -> dict[str, Use]:
    """Return uses by the role of their hosts, each of which is the only one of its role."""
    return {name.split(".")[0]: use for name, use in uses.items()}


def memory(case: Case, before: Uses, after: Uses) -> Metadata:
    """Return how much memory each role has for a connection more than without any."""
    then, now = by_role(before), by_role(after)
    return {
        f"{role}_bytes_per_connection": (
            max(0, now[role].memory_bytes - then[role].memory_bytes) / case.instances
        )
        for role in now
    }


def loads(what: str, before: Uses, after: Uses) -> Metadata:
    """Return CPU time and wake-ups a second of each role between two moments."""
    then, now = by_role(before), by_role(after)
    metadata: Metadata = {}
    for role in now:
        cpu_ms, woken = now[role].per_second(then[role])
        metadata[f"{role}_{what}_cpu_ms_per_s"] = cpu_ms
        metadata[f"{role}_{what}_wake_ups_per_s"] = woken
    return metadata
