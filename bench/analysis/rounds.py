"""Ratios of cases that took turns: paired within a round, one value per block.

A block starts the processes of several cases side by side. In each of its rounds every
case has one window, one after the other, while the others wait. So two windows of a round
meet nearly the same machine, and what slows both drops out of their ratio. The processes
are the same in all rounds of a block. Rounds therefore are no further units: a block has
one value, the median over its rounds, and intervals are made over blocks.

A table of windows has shape (blocks, rounds) and holds a positive number for each window:
seconds a message, say. Column i is one round in all tables of a run. nan is a window that
was not made, or that does not count. Functions that say so take tables of several runs,
shape (..., blocks, rounds).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.analysis.inference import Components
from bench.analysis.stats import Floats, Interval, ratio_of_logs, verdict

BLOCKS_MIN = 8
"""With 6 blocks the interval would run from the smallest value to the largest."""
ROUNDS_MIN = 3
"""A median of three values passes over one that was hit; a median of two averages it."""


def round_logs(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Return log a/b in each round, shape (..., blocks, rounds); nan where one lacks.

    Raises ValueError for tables that differ in shape, have fewer than two dimensions or no
    window, and for windows that are neither nan nor a positive number.
    """
    top, bottom = _table(a, "a"), _table(b, "b")
    if top.shape != bottom.shape:
        raise ValueError(f"a has shape {top.shape}, b {bottom.shape}: not paired")
    logs: Floats = np.log(top) - np.log(bottom)
    return logs


def block_medians(rounds: npt.ArrayLike) -> Floats:
    """Return the median over the rounds of each block, shape (..., blocks), in their unit.

    ``rounds`` has shape (..., blocks, rounds); nan is left out. A block with fewer than
    ``ROUNDS_MIN`` rounds that count has no value: nan.
    """
    ordered = np.sort(np.asarray(rounds, dtype=np.float64), axis=-1)  # nan comes last
    count = (~np.isnan(ordered)).sum(axis=-1, keepdims=True)
    low, high = (
        np.take_along_axis(ordered, np.maximum(at, 0), axis=-1)
        for at in ((count - 1) // 2, np.minimum(count // 2, ordered.shape[-1] - 1))
    )
    middle: Floats = np.where(count < ROUNDS_MIN, np.nan, (low + high) / 2)[..., 0]
    return middle


def block_logs(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Return log a/b of each block, shape (..., blocks): the median over its rounds.

    Rounds that lack one side are left out; a block with fewer than ``ROUNDS_MIN`` others is
    nan. Arguments and errors as for ``round_logs``.
    """
    return block_medians(round_logs(a, b))


def rotated_ratio(a: npt.ArrayLike, b: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Return how many times b's value a's is: paired by round, with blocks as the unit.

    ``a`` and ``b`` have shape (blocks, rounds) and one unit. Estimate and interval are
    those of ``stats.ratio``, over ``block_logs``. With fewer than ``BLOCKS_MIN`` blocks
    that have a value there is no interval: the confidence is then 1.

    Raises ValueError as ``round_logs`` does, where no block has a value, and for a
    confidence outside (0, 1).
    """
    logs = block_logs(a, b)
    if logs.ndim != 1:
        raise ValueError(f"shape {np.shape(a)}, expected (blocks, rounds) of one run")
    return ratio_of_blocks(logs, confidence)


def ratio_of_blocks(logs: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Return ``rotated_ratio`` from ``block_logs``, shape (blocks,); nan is left out."""
    found_logs = np.asarray(logs, dtype=np.float64)
    found_logs = found_logs[~np.isnan(found_logs)]
    if not len(found_logs):
        raise ValueError(f"no block has {ROUNDS_MIN} rounds of both")
    found = ratio_of_logs(found_logs, confidence)
    if len(found_logs) < BLOCKS_MIN:
        return Interval(found.estimate, 0.0, math.inf, 1.0, len(found_logs))
    return found


def best_rounds(found: Components, start_s: float, round_s: float, most: int) -> int:
    """Return the number of rounds per block that makes an interval narrowest for its time.

    ``found`` are the components of ``round_logs`` of two copies of one program. ``start_s``
    is the cost of a block before its first round, ``round_s`` the cost of each round, in
    seconds. The variance of a mean over blocks times the cost of a block is least at
    sqrt(start_s / round_s) within / between rounds (Kalibera and Jones, ISMM 2013). At
    least ``ROUNDS_MIN`` and at most ``most`` rounds are returned; ``most`` if blocks do not
    differ.

    Raises ValueError for costs that are not positive numbers, and for a ``most`` below
    ``ROUNDS_MIN``.
    """
    if not (0 < start_s < math.inf and 0 < round_s < math.inf):
        raise ValueError(f"costs {start_s} s and {round_s} s must be positive")
    if most < ROUNDS_MIN:
        raise ValueError(f"at most {most} rounds, of {ROUNDS_MIN} that a block needs")

    def cost(rounds: int) -> float:
        variance = found.between**2 + found.within**2 / rounds
        return variance * (start_s + rounds * round_s)

    return min(range(most, ROUNDS_MIN - 1, -1), key=cost)


@dataclass(frozen=True)
class MediansAndMeans:
    """Two ratios of the same windows, which answer different questions.

    ``by_medians``: which typical message takes longer? The medians of the windows are
    compared. A mode that fewer messages have does not count. ``by_means``: which program
    needs longer for many messages? All the time of a window is compared. ``apart`` is the
    second ratio over the first, paired by round.
    """

    by_medians: Interval
    by_means: Interval
    apart: Interval

    @property
    def differ(self) -> bool:
        """Whether both have to be shown: ``apart`` lies beyond the verdict's margin."""
        return verdict(self.apart) in ("faster", "slower")


def medians_and_means(
    medians_a: npt.ArrayLike,
    medians_b: npt.ArrayLike,
    means_a: npt.ArrayLike,
    means_b: npt.ArrayLike,
) -> MediansAndMeans:
    """Return the ratio a/b by medians and by means of the samples of the same windows.

    Each table has shape (blocks, rounds) and one unit: position (i, j) of all four is one
    round. Wake-ups of a CPU have two modes. Where two programs meet the slow one unequally
    often, one ratio can be near 1 and the other far from it.

    Raises ValueError as ``rotated_ratio`` does.
    """
    by_medians = rotated_ratio(medians_a, medians_b)
    by_means = rotated_ratio(means_a, means_b)
    skew_a = _table(means_a, "means_a") / _table(medians_a, "medians_a")
    skew_b = _table(means_b, "means_b") / _table(medians_b, "medians_b")
    return MediansAndMeans(by_medians, by_means, rotated_ratio(skew_a, skew_b))


def _table(windows: npt.ArrayLike, name: str) -> Floats:
    table = np.asarray(windows, dtype=np.float64)
    if table.ndim < 2 or table.size == 0:
        raise ValueError(f"{name}: shape {table.shape}, expected (blocks, rounds)")
    wrong = ~np.isnan(table) & ~(np.isfinite(table) & (table > 0))
    if wrong.any():
        where = tuple(int(axis[0]) for axis in wrong.nonzero())
        raise ValueError(f"{name}{list(where)} is {table[where]}: not a positive number")
    return table
