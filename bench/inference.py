"""Many comparisons at once, and where variance comes from: pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.stats import Floats, log_ratios, signed_rank_interval_level


def signed_rank_p(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Return the exact two-sided p of Wilcoxon's signed-rank test on log a/b.

    ``a`` and ``b`` have shape (blocks,) and one unit; position i of both is block i.
    Equal sizes share their mean rank, differences of zero are left out, and 1 is returned
    where nothing else is left (Hollander, Wolfe and Chicken, 3rd ed., section 3.1). The
    distribution is counted over all signs, with the ranks as they are.

    Raises ValueError as ``stats.ratio`` does.
    """
    differences = log_ratios(a, b)
    differences = differences[differences != 0]
    if not len(differences):
        return 1.0
    doubled = _doubled_ranks(np.abs(differences))
    chances = np.ones(1)
    for rank in doubled:
        gap = np.zeros(rank)
        chances = (np.concatenate((chances, gap)) + np.concatenate((gap, chances))) / 2
    above = int(sum(doubled[differences > 0]))
    tail = min(chances[: above + 1].sum(), chances[above:].sum())
    return float(min(1.0, 2 * tail))


def _doubled_ranks(sizes: Floats) -> npt.NDArray[np.int64]:
    """Return twice the mid-rank of each size, so that ties have whole numbers too."""
    below = (sizes[:, None] > sizes).sum(axis=1)
    equal = (sizes[:, None] == sizes).sum(axis=1)
    doubled: npt.NDArray[np.int64] = 2 * below + equal + 1
    return doubled


def q_values(p: npt.ArrayLike) -> Floats:
    """Return p values, shape (n,), adjusted for a false-discovery rate.

    Calling everything with q <= 0.05 a finding is wrong in at most 5 % of what is called
    one, on average (Benjamini and Hochberg, Journal of the Royal Statistical Society B
    57, 1995; step-up).

    Raises ValueError for a p outside [0, 1].
    """
    given = np.asarray(p, dtype=np.float64)
    if given.size and not ((given >= 0) & (given <= 1)).all():
        raise ValueError("p values lie between 0 and 1")
    n = len(given)
    order = np.argsort(given)[::-1]
    stepped = np.minimum.accumulate(given[order] * n / np.arange(n, 0, -1))
    adjusted = np.empty(n)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def family_error(claims: int, blocks: int) -> float:
    """Return a bound of the chance that any of ``claims`` intervals misses its truth.

    Bonferroni's: the sum of what each misses at the exact level that the signed-rank
    interval has with so many blocks; 1 where there is no interval at all.
    """
    level = signed_rank_interval_level(blocks)
    return min(1.0, claims * (1 - level)) if level < 1 else 1.0


@dataclass(frozen=True)
class Components:
    """Standard deviations of log values: between groups, and within a group.

    ``per_group`` is the number of values in each; 0.03 is about 3 %.
    """

    between: float
    within: float
    groups: int
    per_group: int


def variance_components(values: Sequence[npt.ArrayLike]) -> Components:
    """Return how much groups differ, and values in a group, on a log scale.

    ``values`` are positive numbers of one unit, shape (groups, per_group). The estimate of
    the variance between groups is what the variance of their means exceeds its share of
    the variance within (Kalibera and Jones, ISMM 2013, section 6; the unbiased T squared);
    it may come out negative, and is then 0.

    Raises ValueError for fewer than two groups, fewer than two values in one, groups of
    different lengths, and values that are not positive.
    """
    logs = np.asarray(values, dtype=np.float64)
    if logs.ndim != 2 or min(logs.shape) < 2:
        raise ValueError(f"values: shape {logs.shape}, expected (groups, per_group) >= 2")
    if not (np.isfinite(logs) & (logs > 0)).all():
        raise ValueError("values: not all are positive numbers")
    logs = np.log(logs)
    groups, per_group = logs.shape
    within = float(logs.var(axis=1, ddof=1).mean())
    between = float(logs.mean(axis=1).var(ddof=1)) - within / per_group
    return Components(math.sqrt(max(0.0, between)), math.sqrt(within), groups, per_group)
