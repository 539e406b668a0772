"""Estimates and exact intervals over blocks: pure functions.

A block is the unit: every function that returns an ``Interval`` takes one value per
block, never the samples inside it. The intervals are pairs of order statistics whose
coverage is counted, not approximated, so each carries the confidence that it really has,
which is at least the confidence asked for. Ties and zeros only make it conservative.

With too few blocks no pair of order statistics reaches the confidence asked for (0.95 needs
6 blocks). The interval of every possible value is then returned, at confidence 1. It
supports no verdict. ``too_few_blocks`` is then true; read it before you print an interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
MARGIN = 1.05
"""A ratio that still counts as equal, and 1 over it."""
BLOCKS_MIN = 6
"""Fewer values have no 95 % interval at all. Programs in turns need more: ``rounds``."""


class Verdict(StrEnum):
    """The conclusion from an interval of time ratios about the first of a pair."""

    FASTER = "faster"
    SLOWER = "slower"
    EQUIVALENT = "equivalent"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval, in the unit of the values it was made from.

    ``confidence`` is the exact coverage of ``[low, high]``, at least the confidence asked
    for; ``blocks`` is the number of values, or of pairs, that went in.
    """

    estimate: float
    low: float
    high: float
    confidence: float
    blocks: int

    @property
    def too_few_blocks(self) -> bool:
        """True where no interval reaches the confidence asked for: the bounds are void."""
        return self.confidence >= 1.0


def bounds(interval: Interval) -> tuple[float, float]:
    """Return an interval's bounds, nan where there are too few blocks for any."""
    if interval.too_few_blocks:
        return math.nan, math.nan
    return interval.low, interval.high


def signed_rank_interval_confidence(blocks: int, confidence: float = 0.95) -> float:
    """Return the exact confidence of ``ratio``'s interval, 1 with too few blocks."""
    return _depth(_signed_rank_pmf(blocks), confidence)[1]


def ratio(a: npt.ArrayLike, b: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Return how many times b's value a's is: a dimensionless ratio, paired by block.

    ``a`` and ``b`` have shape (blocks,) and one unit; position i of both is block i. The
    estimate is the exponential of the median of the Walsh averages of log a/b (Hodges and
    Lehmann, Annals of Mathematical Statistics 34, 1963). The interval holds the ratios that
    the exact Wilcoxon signed-rank test does not reject. It is Tukey's (Hollander, Wolfe and
    Chicken, Nonparametric Statistical Methods, 3rd ed., section 3.3). It assumes that log
    a/b is spread symmetrically; ``sign_interval`` does not.

    Raises ValueError for values that are not positive and finite, for lengths that
    differ, for no values, and for a confidence outside (0, 1).
    """
    return ratio_of_logs(log_ratios(a, b), confidence)


def ratio_of_logs(logs: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Return ``ratio`` from the log of a/b in each block, shape (blocks,).

    Raises ValueError for logs that are not finite, for none, and for a confidence outside
    (0, 1).
    """
    differences = _one_dimension(logs, "logs")
    if not np.isfinite(differences).all():
        raise ValueError("logs: not all are finite")
    first, second = np.triu_indices(len(differences))
    walsh = np.sort((differences[first] + differences[second]) / 2)
    depth, achieved = _depth(_signed_rank_pmf(len(differences)), confidence)
    return _exponential(_interval(walsh, depth, achieved, len(differences)))


def sign_interval(a: npt.ArrayLike, b: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the median of a/b over blocks with its order-statistic interval.

    Arguments and errors as for ``ratio``. It is the interval that the exact sign test
    does not reject: mostly wider than ``ratio``'s, but it assumes no symmetry.
    """
    return sign_interval_of_logs(log_ratios(a, b), confidence)


def sign_interval_of_logs(logs: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Return ``sign_interval`` from the log of a/b in each block; errors as of that."""
    return _exponential(median_interval(logs, confidence))


def unpaired_ratio(
    a: npt.ArrayLike, b: npt.ArrayLike, confidence: float = 0.95
) -> Interval:
    """Return how many times b's value a's is, where blocks of a are none of b's.

    ``a`` has shape (n,), ``b`` (m,), one unit: those of two runs. The estimate is the
    exponential of the median of all n m differences of logs. The interval holds the ratios
    that the exact rank-sum test does not reject (Moses': Hollander, Wolfe and Chicken, 3rd
    ed., sections 4.2 and 4.3). It assumes that both are spread alike, about different
    middles, and knows of nothing that changes between the two runs but not within one.
    ``blocks`` of the result is the smaller of n and m.

    Raises ValueError for values that are not positive and finite, for no values, and for
    a confidence outside (0, 1).
    """
    top, bottom = _logs(a, "a"), _logs(b, "b")
    differences = np.sort(np.subtract.outer(top, bottom), axis=None)
    depth, achieved = _depth(_rank_sum_pmf(len(top), len(bottom)), confidence)
    blocks = min(len(top), len(bottom))
    return _exponential(_interval(differences, depth, achieved, blocks))


def median_interval(values: npt.ArrayLike, confidence: float = 0.95) -> Interval:
    """Return the median over blocks with its order-statistic interval, in their unit.

    ``values`` has shape (blocks,). Infinity is a value like any other (a trial that
    never recovered), so a bound may be infinite although there are blocks enough. The
    interval is Thompson's (Hollander, Wolfe and Chicken, 3rd ed., section 3.6).

    Raises ValueError for no values, for a value that is nan or minus infinity, and for
    a confidence outside (0, 1).
    """
    ordered = np.sort(_one_dimension(values, "values"))
    if np.isnan(ordered).any() or ordered[0] == -math.inf:
        raise ValueError("values: nan or minus infinity is no measurement")
    depth, achieved = _depth(_binomial_pmf(len(ordered)), confidence)
    return _interval(ordered, depth, achieved, len(ordered))


def noise_half_width(interval: Interval) -> float:
    """Return how far from 1 a ratio may be that should be 1: 0.03 for 3 %.

    That is the larger distance of the two bounds from log 1, exponentiated, minus 1, so
    an interval that is narrow but off centre counts as noise as well. Infinite where
    there are too few blocks.
    """
    below = 1 / interval.low if interval.low > 0 else math.inf
    return max(interval.high, below) - 1


def verdict(interval: Interval, noise: float = 0.0, margin: float = MARGIN) -> Verdict:
    """Say what an interval of time ratios a/b (lower is better) proves about a.

    It is "faster" or "slower" only if the whole interval lies beyond the ``margin``, a
    ratio that still counts as equal. It is "equivalent" if the whole interval lies within
    the margin. Otherwise, and with too few blocks, it is "inconclusive".

    ``noise`` is for blocks of two runs, whose interval does not cover what changed between
    the runs (``bench.analysis.changes``). It is how far unchanged programs moved, and a
    change has to exceed it too. Within one run it is 0.

    Raises ValueError for a noise below 0, a margin below 1, or nan as either.
    """
    if not (noise >= 0 and margin >= 1):
        raise ValueError(f"noise {noise} must be >= 0 and margin {margin} >= 1")
    threshold = max(margin, 1 + noise)
    if interval.high < 1 / threshold:
        return Verdict.FASTER
    if interval.low > threshold:
        return Verdict.SLOWER
    if 1 / margin <= interval.low and interval.high <= margin and threshold == margin:
        return Verdict.EQUIVALENT
    return Verdict.INCONCLUSIVE


def _one_dimension(values: npt.ArrayLike, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name}: shape {array.shape}, expected one value per block")
    return array


def log_ratios(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """Return log a/b, shape (blocks,); of swapped arguments exactly the negative."""
    top, bottom = _one_dimension(a, "a"), _one_dimension(b, "b")
    if len(top) != len(bottom):
        raise ValueError(f"a has {len(top)} blocks, b has {len(bottom)}: not paired")
    difference: Floats = _logs(top, "a") - _logs(bottom, "b")
    return difference


def _logs(values: npt.ArrayLike, name: str) -> Floats:
    array = _one_dimension(values, name)
    wrong = np.flatnonzero(~(np.isfinite(array) & (array > 0)))
    if wrong.size:
        where = int(wrong[0])
        raise ValueError(f"{name}[{where}] is {array[where]}: not a positive number")
    logs: Floats = np.log(array)
    return logs


@cache
def _signed_rank_pmf(n: int) -> Floats:
    """Return P(T = t) for t = 0 ... n(n+1)/2, T the signed-rank sum of n differences."""
    return sum_of_some_pmf(range(1, n + 1))


def sum_of_some_pmf(ranks: Iterable[int]) -> Floats:
    """Return P(T = t) for t = 0 ... sum of ``ranks``, T the sum of those that count.

    Under the null each rank counts with probability 1/2, whatever the others do, so the
    distribution is the convolution of as many two-point ones.
    """
    pmf = np.ones(1)
    for rank in ranks:
        gap = np.zeros(rank)
        pmf = (np.concatenate((pmf, gap)) + np.concatenate((gap, pmf))) / 2
    return pmf


@cache
def _binomial_pmf(n: int) -> Floats:
    """Return P(K = k) for k = 0 ... n, K how many of n values exceed their median."""
    return np.array([math.comb(n, k) / 2**n for k in range(n + 1)])


@cache
def _rank_sum_pmf(n: int, m: int) -> Floats:
    """Return P(U = u) for u = 0 ... nm, U in how many pairs the first is the greater.

    All orders of n values among n + m are alike under the null. The last in order is one
    of the n, and then greater than all m, or one of the m; what is left is a smaller case.
    """
    pmf = np.zeros(n * m + 1)
    if n == 0 or m == 0:
        pmf[0] = 1.0
        return pmf
    pmf[m:] += _rank_sum_pmf(n - 1, m) * n / (n + m)
    pmf[: n * (m - 1) + 1] += _rank_sum_pmf(n, m - 1) * m / (n + m)
    return pmf


def _depth(pmf: Floats, confidence: float) -> tuple[int, float]:
    """Return the largest k whose interval covers ``confidence``, and its coverage.

    The interval runs from the k-th smallest to the k-th largest order statistic, and
    misses on either side with the probability of fewer than k. k = 0 means that even
    the two extremes cover less.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence {confidence} is not between 0 and 1")
    coverage = 1 - 2 * np.cumsum(pmf)
    depth = int(np.count_nonzero(coverage >= confidence))
    return depth, float(coverage[depth - 1]) if depth else 1.0


def _interval(ordered: Floats, depth: int, achieved: float, blocks: int) -> Interval:
    low, high = -math.inf, math.inf
    if depth:
        low, high = float(ordered[depth - 1]), float(ordered[-depth])
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    return Interval(float(middle), low, high, achieved, blocks)


def _exponential(logs: Interval) -> Interval:
    return Interval(
        math.exp(logs.estimate),
        math.exp(logs.low),
        math.exp(logs.high),
        logs.confidence,
        logs.blocks,
    )
