"""Find the bottleneck of a case: one role's CPU, all CPUs, or waiting.

A role is the bottleneck if one of its threads was busy for nearly all of the window, or if
all its processes kept all of their CPUs busy. Then no change to another role would help. A
thread is busy while it runs or is ready to run, so that a busy machine hides no bottleneck.
If no single role is the bottleneck, the CPUs may still be full. Otherwise messages wait for
events that take no CPU time: wake-ups, or the other side's turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bench.contract.model import DIRECT, INPROC, Case
from bench.trial.descendants import PROCESS
from bench.trial.placement import cpus_for
from bench.trial.record import TrialRecord

FULL = 0.95
"""The share of a CPU's time from which it counts as full."""
HOST = "host"
LATENCY = "latency"


@dataclass(frozen=True)
class RoleLoad:
    """The busy time of a role as shares of the window, above 1 if it had to queue.

    ``thread`` is the share of the busiest thread of any instance. ``total`` is the time of
    all instances over the CPUs that the role may use.
    """

    thread: float
    total: float

    @property
    def full(self) -> bool:
        return max(self.thread, self.total) >= FULL


def loads(case: Case, trial: TrialRecord, window_s: float) -> dict[str, RoleLoad]:
    """Return the load of each role over a window of ``window_s`` seconds.

    If all roles are threads of one process, their times cannot be separated. Then one entry
    is for all of them.
    """
    busiest: dict[str, int] = {}
    used: dict[str, int] = {}
    for host, threads in trial.cpu.items():
        role = host.split(".")[0]
        single = max((sum(t) for name, t in threads.items() if name != PROCESS), default=0)
        busiest[role] = max(busiest.get(role, 0), single)
        used[role] = used.get(role, 0) + sum(threads[PROCESS])
    window_ns = window_s * 1e9
    return {
        role: RoleLoad(
            busiest[role] / window_ns, used[role] / window_ns / len(_cpus(case, role))
        )
        for role in used
    }


def _cpus(case: Case, role: str) -> list[int]:
    return cpus_for(case.placement, drives=role == case.cell.workload.driver.name)


def bottleneck(case: Case, role_loads: dict[str, RoleLoad]) -> str:
    """Return the name of the role that is the bottleneck, or ``host``, or ``latency``.

    Two full roles, or CPUs that several roles fill together, are ``host``.
    """
    apart = case.transport not in (INPROC, DIRECT)
    full = [role for role, load in role_loads.items() if load.full]
    if len(full) == 1 and apart:
        return full[0]
    return HOST if full or any(_sets_filled(case, role_loads)) else LATENCY


def _sets_filled(case: Case, role_loads: dict[str, RoleLoad]) -> Iterator[bool]:
    """Yield for each set of CPUs whether the roles on it kept it busy together."""
    sets: dict[tuple[int, ...], float] = {}
    for role, load in role_loads.items():
        cpus = tuple(_cpus(case, role))
        sets[cpus] = sets.get(cpus, 0.0) + load.total
    yield from (total >= FULL for total in sets.values())
