"""Many comparisons at once, and where variance comes from: pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.analysis.stats import (
    MARGIN,
    Floats,
    log_ratios,
    ratio_of_logs,
    signed_rank_interval_confidence,
    sum_of_some_pmf,
)

ROUNDING = 1e-12
"""An estimate of a log may be this far beyond an end on which it lies."""
BISECTIONS = 50
"""So many halves of 1 are below the rounding of a float."""


def signed_rank_p(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return the exact two-sided p of Wilcoxon's signed-rank test on log a/b.

    ``a`` and ``b`` have shape (blocks,) and one unit; position i of both is block i.
    Equal sizes share their mean rank, differences of zero are left out, and 1 is returned
    where nothing else is left (Hollander, Wolfe and Chicken, 3rd ed., section 3.1). The
    distribution is counted over all signs, with the ranks as they are.

    Raises ValueError as ``stats.ratio`` does.
    """
    return signed_rank_p_of_logs(log_ratios(a, b))


def signed_rank_p_of_logs(logs: Floats) -> float:
    """Return ``signed_rank_p`` from the log of a/b in each block, shape (blocks,)."""
    differences = logs[logs != 0]
    if not len(differences):
        return 1.0
    doubled = _doubled_ranks(np.abs(differences))
    chances = sum_of_some_pmf(doubled)
    above = int(sum(doubled[differences > 0]))
    tail = min(chances[: above + 1].sum(), chances[above:].sum())
    return float(min(1.0, 2 * tail))


def beyond_p(a: npt.ArrayLike, b: npt.ArrayLike, margin: float = MARGIN) -> float:
    """Return the exact two-sided p of the hypothesis that a/b lies within the margin.

    That is the p of the end of the margin that is nearer to the estimate, and 1 for an
    estimate within the margin. It is at most 1 - confidence exactly where the interval of
    ``ratio`` lies wholly beyond the margin.

    Raises ValueError as ``stats.ratio`` does, and for a margin below 1.
    """
    return beyond_p_of_logs(log_ratios(a, b), margin)


def beyond_p_of_logs(logs: Floats, margin: float = MARGIN) -> float:
    """Return ``beyond_p`` from the log of a/b in each block, shape (blocks,)."""
    if not margin >= 1:
        raise ValueError(f"margin {margin} must be >= 1")
    estimate, end = math.log(ratio_of_logs(logs).estimate), math.log(margin)
    if abs(estimate) <= end + ROUNDING:
        return 1.0
    return signed_rank_p_of_logs(logs - math.copysign(end, estimate))


def _doubled_ranks(sizes: Floats) -> npt.NDArray[np.int64]:
    """Return twice the mid-rank of each size, so that ties have whole numbers too."""
    below = (sizes[:, None] > sizes).sum(axis=1)
    equal = (sizes[:, None] == sizes).sum(axis=1)
    doubled: npt.NDArray[np.int64] = 2 * below + equal + 1
    return doubled


def holm(p: npt.ArrayLike) -> Floats:
    """Return p values, shape (n,), adjusted for a family-wise error.

    Calling everything with an adjusted p <= 0.05 a finding is wrong anywhere in at most
    5 % of families, however the tests depend on each other (Holm, Scandinavian Journal of
    Statistics 6, 1979; step-down).

    Raises ValueError for a p outside [0, 1].
    """
    given = _probabilities(p)
    n = len(given)
    order = np.argsort(given)
    adjusted = np.empty(n)
    stepped = np.maximum.accumulate(given[order] * np.arange(n, 0, -1))
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def _probabilities(p: npt.ArrayLike) -> Floats:
    given = np.asarray(p, dtype=np.float64)
    if given.size and not ((given >= 0) & (given <= 1)).all():
        raise ValueError("p values lie between 0 and 1")
    return given


def q_values(p: npt.ArrayLike) -> Floats:
    """Return p values, shape (n,), adjusted for a false-discovery rate.

    Calling everything with q <= 0.05 a finding is wrong in at most 5 % of what is called
    one, on average (Benjamini and Hochberg, Journal of the Royal Statistical Society B
    57, 1995; step-up).

    Raises ValueError for a p outside [0, 1].
    """
    given = _probabilities(p)
    n = len(given)
    order = np.argsort(given)[::-1]
    stepped = np.minimum.accumulate(given[order] * n / np.arange(n, 0, -1))
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def family_error(comparisons: int, blocks: int) -> float:
    """Return a bound of the chance that any of ``comparisons`` intervals misses its truth.

    Bonferroni's: the sum of what each misses at the exact confidence that the signed-rank
    interval has with so many blocks; 1 where there is no interval at all.
    """
    confidence = signed_rank_interval_confidence(blocks)
    return min(1.0, comparisons * (1 - confidence)) if confidence < 1 else 1.0


@dataclass(frozen=True)
class Components:
    """Standard deviations of log values: between groups, and within a group.

    0.03 is about 3 %. ``per_group`` is the number of values in each group. Where groups
    differ in it, it is the number that weighs their means in the estimate.
    """

    between: float
    within: float
    groups: int
    per_group: float

    @property
    def intraclass(self) -> float:
        """The share of the variance that lies between groups, from 0 to 1.

        It is also the correlation of two values of one group; 0 where nothing varies.
        """
        total = self.between**2 + self.within**2
        return self.between**2 / total if total else 0.0


def components(logs: npt.ArrayLike) -> Components:
    """Return how much groups differ, and values in a group, of logs (groups, values).

    nan is a value that lacks; groups without a value are left out. The estimates are those
    of the analysis of variance with one random factor: mean squares, set equal to their
    expectations (Searle, Casella and McCulloch, Variance Components, 1992, chapter 3).
    With equal groups, the variance between them is the unbiased T squared of Kalibera and
    Jones (ISMM 2013, section 6). It may come out negative, and is then 0.

    Raises ValueError for fewer than two groups, for no group with two values, and for
    values that are infinite.
    """
    table = np.asarray(logs, dtype=np.float64)
    if table.ndim != 2 or np.isinf(table).any():
        raise ValueError(f"values: shape {table.shape}, expected finite (groups, values)")
    table = table[~np.isnan(table).all(axis=1)]
    counts = (~np.isnan(table)).sum(axis=1)
    groups, total = len(table), int(counts.sum())
    if groups < 2 or total == groups:
        raise ValueError(f"values: {total} in {groups} groups, expected 2 and more in 2")
    means = np.nanmean(table, axis=1)
    within = float(np.nansum((table - means[:, None]) ** 2)) / (total - groups)
    grand_mean = np.nanmean(table)
    among = float((counts * (means - grand_mean) ** 2).sum()) / (groups - 1)
    per_group = (total - float((counts**2).sum()) / total) / (groups - 1)
    between = (among - within) / per_group
    return Components(math.sqrt(max(0.0, between)), math.sqrt(within), groups, per_group)


def variance_components(values: Sequence[npt.ArrayLike]) -> Components:
    """Return ``components`` of the logs of positive values, shape (groups, per_group).

    Raises ValueError for fewer than two groups, fewer than two values in one, groups of
    different lengths, and values that are not positive.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or min(array.shape) < 2:
        raise ValueError(f"values: shape {array.shape}, expected (groups, per_group) >= 2")
    if not (np.isfinite(array) & (array > 0)).all():
        raise ValueError("values: not all are positive numbers")
    return components(np.log(array))


def count_pmf(chances: Sequence[float]) -> Floats:
    """Return P(K = k) for k = 0 ... n, K how many of n independent events happen.

    ``chances`` are their probabilities.
    """
    pmf = np.ones(1)
    for chance in chances:
        pmf = np.append(pmf * (1 - chance), 0) + np.insert(pmf * chance, 0, 0)
    return pmf


def count_range(chances: Sequence[float], confidence: float = 0.95) -> tuple[int, int]:
    """Return between which counts ``count_pmf`` lies, with at least this probability.

    The count is below the range with at most half of the rest, and as often above it.
    """
    below, missed = np.cumsum(count_pmf(chances)), (1 - confidence) / 2
    ends = np.searchsorted(below, [missed, 1 - missed])
    return int(ends[0]), min(int(ends[1]), len(chances))


def share_interval(found: int, of: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of a share, of which ``found`` of ``of`` events were seen.

    It is Clopper and Pearson's (Biometrika 26, 1934): the shares that neither one-sided
    binomial test rejects. It covers the truth at least as often as ``confidence``.

    Raises ValueError unless 0 <= found <= of, with at least one event.
    """
    if not 0 <= found <= of or not of:
        raise ValueError(f"{found} of {of} is no share")
    missed = (1 - confidence) / 2
    low = _crossing(lambda p: 1 - _at_most(found - 1, of, p), missed) if found else 0.0
    high = _crossing(lambda p: 1 - _at_most(found, of, p), 1 - missed)
    return low, high if found < of else 1.0


def _at_most(found: int, of: int, share: float) -> float:
    """Return the probability of at most so many events."""
    chances = (
        math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(found + 1)
    )
    return math.fsum(chances)


def _crossing(rising: Callable[[float], float], value: float) -> float:
    """Return where a function that rises from 0 to 1 between 0 and 1 has a value."""
    low, high = 0.0, 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < value else (low, middle)
    return (low + high) / 2
