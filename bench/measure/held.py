"""Held connections: one client opens many, one after the other, and keeps them.

The client is one process, so that no thousand are needed. It may be the program's own: then
it is called once for each connection, and its messages go over them in turn
(``bench.hosts.connections``). Or it is a crowd in C (``bench/contract/crowd``), which
speaks the wire of the program's server, and is the same generator for all of that wire.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bench.contract.find import crowd_of
from bench.contract.model import Case, Cell, Role
from bench.measure.common import Metadata, free_running_pilot
from bench.trial.build import build, lacking
from bench.trial.descendants import PROCESS, cpu_times, tree_memory_bytes, wake_ups
from bench.trial.record import RoleRecord, TrialRecord, Window
from bench.trial.trial import Trial, run_trial

HELD = ("idle_memory", "cost")
"""The quantities whose clients are connections of one process."""


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


def _use(pid: int) -> Use:
    return Use(
        time.monotonic(),
        tree_memory_bytes(pid),
        cpu_times(pid)[PROCESS].run_ns,
        wake_ups(pid),
    )


def pilot(case: Case) -> Window:
    """Return the window of a pilot, which finds how long a connection takes to open."""
    made = free_running_pilot(case)
    return replace(made, connections=case.instances, afresh=True)


def window(case: Case, messages: int, rate_hz: float) -> Window:
    """Return a window of so many messages a second over all connections of a case.

    In warm-up each connection has one message, by which it is opened.
    """
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

    The client is the program's own, or a crowd.
    """

    def watched(trial: Trial) -> None:
        assert isinstance(trial, Held)
        measure(trial)

    played_by = {case.cell.workload.driver.name: crowd} if crowd else {}
    trial = run_trial(
        case, made, logs, rng, played_by=played_by, measure=watched, kind=Held
    )
    for consumer, _ in trial.pairs(case.cell.workload):
        _put_in_order(consumer)
    return trial


def crowd_for(case: Case) -> Cell | None:
    """Return the crowd for a case's server, built; None without one, or a compiler."""
    crowd = crowd_of(case.cell.variant)
    if crowd is None or lacking(crowd):
        return None
    build(crowd)
    return crowd


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
