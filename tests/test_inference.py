"""Exact p values, false discoveries and variance components, against SciPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from bench.inference import family_error, q_values, signed_rank_p, variance_components
from bench.stats import ratio

positive = st.floats(min_value=1e-6, max_value=1e6)
pairs = st.lists(st.tuples(positive, positive), min_size=1, max_size=12)


@pytest.mark.parametrize("blocks", [6, 10, 15])
@pytest.mark.parametrize("shift", [0.0, 0.1, 1.0])
def test_p_is_scipy_s(blocks: int, shift: float) -> None:
    rng = np.random.default_rng(blocks)
    a, b = np.exp(rng.normal(shift, 0.2, blocks)), np.exp(rng.normal(0, 0.2, blocks))
    expected = scipy_stats.wilcoxon(np.log(a), np.log(b), method="exact").pvalue
    assert signed_rank_p(a, b) == pytest.approx(expected)


def test_the_smallest_p_of_ten_blocks_is_two_in_1024() -> None:
    a = np.arange(1, 11) / 10 + 1
    assert signed_rank_p(a, np.ones(10)) == pytest.approx(2 / 1024)


def test_equal_differences_share_their_ranks() -> None:
    # +1 +1 -1: ranks 2 2 2; the sum of positive ranks is 4, reached or passed by 4 of 8
    assert signed_rank_p([2.0, 2.0, 1.0], [1.0, 1.0, 2.0]) == pytest.approx(1.0)
    assert signed_rank_p([2.0, 2.0, 2.0], [1.0, 1.0, 1.0]) == pytest.approx(2 / 8)


@given(pairs)
def test_p_is_a_probability_and_the_same_either_way_round(
    values: list[tuple[float, float]],
) -> None:
    a, b = zip(*values, strict=True)
    assert 0 < signed_rank_p(a, b) <= 1
    assert signed_rank_p(a, b) == pytest.approx(signed_rank_p(b, a))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_is_scipy_s_and_never_below_p(p: list[float]) -> None:
    q = q_values(p)
    assert q == pytest.approx(scipy_stats.false_discovery_control(p))
    assert (q >= np.asarray(p) - 1e-15).all()
    assert (np.diff(q[np.argsort(p, kind="stable")]) >= -1e-15).all()


def test_no_p_has_no_q_and_a_wrong_one_is_refused() -> None:
    assert q_values([]).shape == (0,)
    with pytest.raises(ValueError, match="between 0 and 1"):
        q_values([0.1, 1.5])


def test_the_family_s_error_is_the_sum_of_what_each_interval_misses() -> None:
    missed = 1 - ratio(np.arange(1, 11), np.ones(10)).confidence
    assert family_error(3, 10) == pytest.approx(3 * missed)
    assert family_error(1000, 10) == 1
    assert family_error(1, 5) == 1


def test_variance_components_are_found_again() -> None:
    rng = np.random.default_rng(1)
    groups, per_group = 4000, 3
    logs = rng.normal(0, 0.08, (groups, 1)) + rng.normal(0, 0.04, (groups, per_group))
    found = variance_components(np.exp(logs))
    assert found.between == pytest.approx(0.08, rel=0.05)
    assert found.within == pytest.approx(0.04, rel=0.05)
    assert (found.groups, found.per_group) == (groups, per_group)


def test_components_are_those_of_the_analysis_of_variance() -> None:
    values = np.random.default_rng(2).lognormal(0, 0.1, (5, 4))
    logs = np.log(values)
    mean_square_between = 4 * logs.mean(axis=1).var(ddof=1)
    mean_square_within = logs.var(axis=1, ddof=1).mean()
    found = variance_components(values)
    assert found.within**2 == pytest.approx(mean_square_within)
    expected = max(0.0, (mean_square_between - mean_square_within) / 4)
    assert found.between**2 == pytest.approx(expected)


def test_groups_that_differ_less_than_chance_have_no_component() -> None:
    assert variance_components([[1.0, 2.0], [2.0, 1.0]]).between == 0


@pytest.mark.parametrize("values", [[[1.0, 2.0]], [[1.0], [2.0]], [[1.0, 2.0], [0.0, 1.0]]])
def test_too_little_or_impossible_data_is_refused(values: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="values"):
        variance_components(values)
