"""Machines that change while they measure: windows of two programs, for many runs at once.

Each machine has what was seen on virtual ones: it wanders slowly, changes its speed by a
factor of two within seconds, or shares its CPUs with a neighbour that comes and goes. A
moment is as slow for one program as for the other, except where the neighbour's hits are
unequal. Everything is on a log scale: 0.1 is about 10 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.analysis.stats import Floats


@dataclass(frozen=True)
class Stays:
    """A state that is entered and left at random: how long it lasts, and its absence."""

    on_s: float
    off_s: float

    def draw(
        self, rng: np.random.Generator, times: Floats, runs: int
    ) -> npt.NDArray[np.bool_]:
        """Return whether it is on at these moments, shape (runs, times)."""
        share = self.on_s / (self.on_s + self.off_s)
        rate = 1 / self.on_s + 1 / self.off_s
        kept = np.exp(-rate * np.diff(times, prepend=-math.inf))
        found = np.empty((len(times), runs), dtype=np.bool_)
        on = np.zeros(runs, dtype=np.bool_)
        for number, keeps in enumerate(kept):
            on = rng.random(runs) < share + keeps * (on - share)
            found[number] = on
        return found.T


@dataclass(frozen=True)
class Machine:
    """The noise in the times of two programs, a and b.

    ``process_sd`` is drawn anew for each program and block, ``window_sd`` for each window.
    A share ``slow_share`` of the processes of a program have ``process_slow_a`` or
    ``process_slow_b`` more for life.
    One window in ten has a hit besides, exponential with mean ``hit``. ``drift_sd`` wanders
    with a correlation time of ``drift_s``, and ``trend`` is gained from the first window to
    the last. ``slow`` is added in the slower of two speeds, ``neighbour_a`` and
    ``neighbour_b`` while a neighbour is there.
    """

    name: str
    process_sd: float = 0.02
    window_sd: float = 0.08
    hit: float = 0.2
    drift_sd: float = 0.0
    drift_s: float = 60.0
    trend: float = 0.0
    slow: float = 0.0
    speeds: Stays = Stays(1.5, 1.5)
    neighbour_a: float = 0.0
    neighbour_b: float = 0.0
    neighbour: Stays = Stays(3.0, 6.0)
    process_slow_a: float = 0.0
    process_slow_b: float = 0.0
    slow_share: float = 0.5


@dataclass(frozen=True)
class Schedule:
    """When windows are made: ``cases`` take turns in each round of each block.

    ``pause_s`` passes before each block: processes start, or other cases have theirs.
    """

    blocks: int
    rounds: int
    cases: int
    window_s: float
    pause_s: float

    def __str__(self) -> str:
        each = f"{self.blocks} blocks"
        return each if self.rounds == 1 else f"{each} of {self.rounds} rounds"

    @property
    def times(self) -> Floats:
        """The moment of each window, shape (blocks * rounds * cases,)."""
        block_s = self.pause_s + self.rounds * self.cases * self.window_s
        starts = np.arange(self.blocks)[:, None] * block_s + self.pause_s
        moments: Floats = starts + np.arange(self.rounds * self.cases) * self.window_s
        return moments.ravel()


HIT_SHARE = 0.1


def windows(
    rng: np.random.Generator,
    machine: Machine,
    schedule: Schedule,
    runs: int,
    same_time: int = 1,
) -> tuple[Floats, Floats]:
    """Return windows of two equal programs a and b, each (runs, blocks, rounds).

    In each round they stand at two of the places of the schedule, drawn at random. So many
    runs in a row as ``same_time``, which divides ``runs``, meet the neighbour at the same
    moments.
    """
    times = schedule.times
    shape = (runs, schedule.blocks, schedule.rounds)
    slots = (*shape, schedule.cases)
    common = _wander(rng, machine, times, runs)
    common += machine.slow * machine.speeds.draw(rng, times, runs)
    near = machine.neighbour.draw(rng, times, runs // same_time).astype(np.float64)
    near = np.repeat(near, same_time, axis=0).reshape(slots)
    common = common.reshape(slots)
    first = rng.integers(schedule.cases, size=shape)
    second = (first + rng.integers(1, schedule.cases, size=shape)) % schedule.cases
    made = []
    for at, neighbour, slow in (
        (first, machine.neighbour_a, machine.process_slow_a),
        (second, machine.neighbour_b, machine.process_slow_b),
    ):
        logs = _at(common, at) + neighbour * _at(near, at)
        logs += rng.normal(0, machine.process_sd, (*shape[:2], 1))
        if slow:
            logs += slow * (rng.random((*shape[:2], 1)) < machine.slow_share)
        logs += rng.normal(0, machine.window_sd, shape)
        logs += rng.exponential(machine.hit, shape) * (rng.random(shape) < HIT_SHARE)
        made.append(np.exp(logs))
    return made[0], made[1]


def _wander(rng: np.random.Generator, machine: Machine, times: Floats, runs: int) -> Floats:
    """Return drift and trend, shape (runs, times): autocorrelated, of the first order."""
    kept = np.exp(-np.diff(times, prepend=-math.inf) / machine.drift_s)
    found = np.empty((len(times), runs))
    at = np.zeros(runs)
    for number, keeps in enumerate(kept):
        at = keeps * at + rng.normal(0, machine.drift_sd * math.sqrt(1 - keeps**2), runs)
        found[number] = at
    gained = machine.trend * (times - times[0]) / max(times[-1] - times[0], 1e-9)
    drifted: Floats = found.T + gained
    return drifted


def _at(values: Floats, place: npt.NDArray[np.int64]) -> Floats:
    picked: Floats = np.take_along_axis(values, place[..., None], axis=-1)[..., 0]
    return picked
