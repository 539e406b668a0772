"""The rounds of an ensemble: what the machine did in each, and which are made again.

Flags come from the environment alone, never from a result. A flagged round is made again
once, for all cases, after the others; its repetition takes its place. No more rounds than
``repeats`` are made again, the first flagged ones first.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.contract.model import Case
from bench.run.environment import (
    CLOCK_JUMP_MAX_MS,
    OTHER_CPU_MAX,
    STEAL_MAX,
    Snapshot,
    canary_ms,
    slow_or_jumped,
    take,
)
from bench.trial.ensemble import Ensemble, Groups
from bench.trial.placement import cpus_for

CANARY_SPINS = 60_000
"""Turns of an empty loop: about 1 ms where a turn takes 16 ns."""
CANARY_SLOWER_MAX = 1.5
"""A canary of 1 ms scatters far more than one of 30 ms."""
UNSEEN_S = 0.03
"""The kernel counts the machine's CPU time in ticks of 10 ms: a difference of so many
seconds between two readings of a short round may be none."""
REPEATS_SHARE = 1 / 6
"""How many rounds may be made again, as a share of those of a block."""


@dataclass(frozen=True)
class RoundEnvironment:
    """The load of the machine during one round; None for counters that it does not have.

    ``canary_ms`` is how long a fixed piece of work took just before it, on the slowest of
    the CPUs that are measured. ``stolen_s`` and ``others_s`` are CPU time, of ``cpu_s``
    that passed on all CPUs together. ``paused_ms`` is how long everything stood still.
    """

    canary_ms: float
    cpu_s: float | None
    stolen_s: float | None
    others_s: float | None
    clock_jump_ms: float
    paused_ms: float


@dataclass(frozen=True)
class Round:
    """One round: its number, whether it is a repetition, and which turns it is made of.

    ``order`` holds the numbers of the cases in the order in which they took their turns.
    """

    number: int
    repeat: int
    turn: int
    order: tuple[int, ...]
    seen: RoundEnvironment
    flags: tuple[str, ...] = ()


def repeats_of(rounds: int) -> int:
    """Return how many of so many rounds may be made again."""
    return max(1, int(rounds * REPEATS_SHARE))


def counted(made: Sequence[Round]) -> tuple[int, ...]:
    """Return the turns whose values count, by the number of their round."""
    turns = {one.number: one.turn for one in sorted(made, key=lambda one: one.repeat)}
    return tuple(turns[number] for number in sorted(turns))


def flags(seen: RoundEnvironment, usual_ms: float) -> tuple[str, ...]:
    """Return why a round is flagged, in words; nothing for most.

    ``usual_ms`` is the canary of most rounds.
    """
    found = []
    for seconds, most, what in (
        (seen.stolen_s, STEAL_MAX, "stolen"),
        (seen.others_s, OTHER_CPU_MAX, "taken by other processes"),
    ):
        if seconds and seen.cpu_s and seconds > max(UNSEEN_S, most * seen.cpu_s):
            found.append(f"{100 * seconds / seen.cpu_s:.0f} % of the CPU time {what}")
    found += slow_or_jumped(seen.canary_ms, usual_ms, CANARY_SLOWER_MAX, seen.clock_jump_ms)
    if seen.paused_ms > CLOCK_JUMP_MAX_MS:
        found.append(f"everything stood still for {seen.paused_ms:.0f} ms")
    return tuple(found)


def between(
    before: Snapshot, after: Snapshot, own_cpu_s: float, canary_ms: float, asleep_ms: float
) -> RoundEnvironment:
    """Return what happened between two snapshots.

    ``own_cpu_s`` is the CPU time that the run's own processes took meanwhile,
    ``asleep_ms`` how long the machine was suspended.
    """
    elapsed_ns = after.monotonic_ns - before.monotonic_ns
    cpu_s = stolen_s = others_s = None
    if before.ticks and after.ticks:
        cpu_s = after.ticks.total_s - before.ticks.total_s
        stolen_s = after.ticks.steal_s - before.ticks.steal_s
        others_s = max(0.0, after.ticks.busy_s - before.ticks.busy_s - own_cpu_s)
    return RoundEnvironment(
        canary_ms=canary_ms,
        cpu_s=cpu_s,
        stolen_s=stolen_s,
        others_s=others_s,
        clock_jump_ms=(after.wall_ns - before.wall_ns - elapsed_ns) / 1e6 - asleep_ms,
        paused_ms=asleep_ms,
    )


def asleep_ms() -> float:
    """Return for how long the machine has been suspended since it started (Linux)."""
    asleep_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    return asleep_ns / 1e6


def canary_on(cpus: Sequence[int]) -> float:
    """Return how many milliseconds a fixed piece of work takes on the slowest of CPUs."""
    allowed = os.sched_getaffinity(0)
    try:
        slowest = 0.0
        for cpu in cpus:
            os.sched_setaffinity(0, [cpu])
            slowest = max(slowest, canary_ms(CANARY_SPINS))
        return slowest
    finally:
        os.sched_setaffinity(0, allowed)


def tested_cpus(case: Case) -> list[int]:
    """Return a CPU of the driver and one of its peers, or the one that they share."""
    return sorted({cpus_for(case.placement, drives)[-1] for drives in (True, False)})


class Rounds:
    """Makes the rounds of one ensemble, and keeps what the machine did in each.

    Canaries run on ``cpus``. ``groups`` are as of ``Ensemble.take_round``.
    """

    def __init__(
        self,
        ensemble: Ensemble,
        cpus: Sequence[int],
        rng: random.Random,
        groups: Groups | None = None,
    ) -> None:
        self.made: list[Round] = []
        self._groups = groups
        self._ensemble = ensemble
        self._rng = rng
        self._cpus = cpus

    def make(self, rounds: int, repeats: int) -> None:
        """Make so many rounds, and then the first flagged ones of them again."""
        for number in range(rounds):
            self._make_one(number, repeat=0)
        for number in [one.number for one in self.made if one.flags][:repeats]:
            self._make_one(number, repeat=1)

    def _own_cpu_s(self) -> float:
        return self._ensemble.cpu_s + time.process_time()

    def _make_one(self, number: int, repeat: int) -> None:
        canary = canary_on(self._cpus)
        before, own_s, slept_ms = take(), self._own_cpu_s(), asleep_ms()
        order = self._ensemble.take_round(self._rng, self._groups)
        used_s = self._own_cpu_s() - own_s
        seen = between(before, take(), used_s, canary, asleep_ms() - slept_ms)
        canaries = [one.seen.canary_ms for one in self.made]
        why = flags(seen, median([*canaries, canary]))
        self.made.append(Round(number, repeat, len(self.made), order, seen, why))
