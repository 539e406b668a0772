"""Exact p values, false discoveries and variance components, against SciPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from bench.analysis.inference import (
    Components,
    beyond_p,
    components,
    count_pmf,
    count_range,
    family_error,
    holm,
    q_values,
    share_interval,
    signed_rank_p,
    variance_components,
)
from bench.analysis.stats import ratio

positive = st.floats(min_value=1e-6, max_value=1e6)
pairs = st.lists(st.tuples(positive, positive), min_size=1, max_size=12)


@pytest.mark.parametrize("blocks", [6, 10, 15])
@pytest.mark.parametrize("shift", [0.0, 0.1, 1.0])
def test_p_equals_the_value_of_scipy(blocks: int, shift: float) -> None:
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
def test_q_equals_the_value_of_scipy_and_is_never_below_p(p: list[float]) -> None:
    q = q_values(p)
    assert q == pytest.approx(scipy_stats.false_discovery_control(p))
    assert (q >= np.asarray(p) - 1e-15).all()
    assert (np.diff(q[np.argsort(p, kind="stable")]) >= -1e-15).all()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_holm_lies_between_no_adjustment_and_bonferroni_s(p: list[float]) -> None:
    adjusted = holm(p)
    assert (adjusted >= p).all()
    assert (adjusted <= np.minimum(1, np.multiply(p, len(p)))).all()
    assert (np.diff(adjusted[np.argsort(p, kind="stable")]) >= 0).all()


def test_holm_is_the_step_down_of_his_paper() -> None:
    # 3 x 0.01; then 2 x 0.02; then 1 x 0.03, which is not less than the step before
    assert holm([0.03, 0.01, 0.02]) == pytest.approx([0.04, 0.03, 0.04])


@given(st.integers(0, 10_000), st.integers(1, 12), st.sampled_from([1.0, 1.05, 1.5]))
def test_p_beyond_a_margin_decides_as_the_interval_does(
    seed: int, blocks: int, margin: float
) -> None:
    rng = np.random.default_rng(seed)
    a, b = np.exp(rng.normal(0, 0.3, blocks) + rng.normal(0, 0.5)), np.ones(blocks)
    found, p = ratio(a, b), beyond_p(a, b, margin)
    beyond = found.low > margin or found.high < 1 / margin
    assert beyond == (not found.too_few_blocks and p <= 1 - found.confidence + 1e-12)


@given(pairs, st.sampled_from([1.0, 1.05, 1.5]))
def test_p_beyond_a_margin_is_the_same_either_way_round(
    values: list[tuple[float, float]], margin: float
) -> None:
    a, b = zip(*values, strict=True)
    assert 0 < beyond_p(a, b, margin) <= 1
    assert beyond_p(a, b, margin) == pytest.approx(beyond_p(b, a, margin))


def test_ten_blocks_beyond_the_margin_are_as_sure_as_they_can_be() -> None:
    a = np.linspace(1.06, 1.2, 10)
    assert beyond_p(a, np.ones(10)) == pytest.approx(2 / 1024)
    assert beyond_p(np.linspace(1.0, 1.2, 10), np.ones(10)) > 2 / 1024
    assert beyond_p(np.linspace(1.01, 1.04, 10), np.ones(10)) == 1


@pytest.mark.parametrize(("blocks", "most"), [(5, 0), (6, 1), (10, 25)])
def test_so_many_blocks_support_so_many_claims(blocks: int, most: int) -> None:
    """``declared.toml`` accepts as many as ten blocks support at a family-wise error."""
    p = beyond_p(np.linspace(1.1, 1.2, blocks), np.ones(blocks))
    assert (holm([p] * most) <= 0.05).all()
    assert (holm([p] * (most + 1)) > 0.05).all()


def test_no_p_values_give_no_q_values_and_an_impossible_p_is_refused() -> None:
    assert q_values([]).shape == holm([]).shape == (0,)
    for adjust in (q_values, holm):
        with pytest.raises(ValueError, match="between 0 and 1"):
            adjust([0.1, 1.5])


def test_the_family_wise_error_is_the_sum_of_the_errors_of_all_intervals() -> None:
    missed = 1 - ratio(np.arange(1, 11), np.ones(10)).confidence
    assert family_error(3, 10) == pytest.approx(3 * missed)
    assert family_error(1000, 10) == 1
    assert family_error(1, 5) == 1


def test_variance_components_of_simulated_data_are_estimated() -> None:
    rng = np.random.default_rng(1)
    groups, per_group = 4000, 3
    logs = rng.normal(0, 0.08, (groups, 1)) + rng.normal(0, 0.04, (groups, per_group))
    found = variance_components(np.exp(logs))
    assert found.between == pytest.approx(0.08, rel=0.05)
    assert found.within == pytest.approx(0.04, rel=0.05)
    assert (found.groups, found.per_group) == (groups, per_group)


def test_variance_components_equal_the_ones_of_an_analysis_of_variance() -> None:
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


def test_components_of_unequal_groups_are_found_again() -> None:
    rng = np.random.default_rng(3)
    logs = rng.normal(0, 0.03, (4000, 1)) + rng.normal(0, 0.15, (4000, 24))
    logs[rng.random(logs.shape) < rng.choice([0.05, 0.6], (4000, 1))] = np.nan
    found = components(logs)
    assert found.between == pytest.approx(0.03, rel=0.1)
    assert found.within == pytest.approx(0.15, rel=0.02)
    assert found.intraclass == pytest.approx(0.03**2 / (0.03**2 + 0.15**2), rel=0.2)
    assert 12 < found.per_group < 24


def test_components_of_small_samples_are_right_on_average() -> None:
    """The estimators are unbiased, so that few blocks do not mislead in one direction."""
    rng = np.random.default_rng(4)
    made = []
    for _ in range(3000):
        logs = rng.normal(0, 0.1, (8, 1)) + rng.normal(0, 0.1, (8, 4))
        logs[:3, 2:] = np.nan
        made.append(components(logs))
    assert np.mean([c.between**2 for c in made]) == pytest.approx(0.1**2, rel=0.05)
    assert np.mean([c.within**2 for c in made]) == pytest.approx(0.1**2, rel=0.05)


@given(st.integers(2, 6), st.integers(2, 6), st.integers(0, 1000))
def test_the_share_between_groups_is_the_f_test_s(
    groups: int, values: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    logs = rng.normal(0, 1, (groups, 1)) + rng.normal(0, 1, (groups, values))
    f = scipy_stats.f_oneway(*logs).statistic
    expected = max(0.0, (f - 1) / (f - 1 + values))
    assert components(logs).intraclass == pytest.approx(expected)


def test_a_component_that_does_not_vary_has_no_share() -> None:
    assert components(np.zeros((3, 3))).intraclass == 0
    assert Components(0.1, 0.0, 3, 3).intraclass == 1


def test_a_group_without_values_is_left_out() -> None:
    logs = np.random.default_rng(6).normal(0, 1, (5, 4))
    empty = np.vstack([logs, np.full(4, np.nan)])
    assert components(empty) == components(logs)


@pytest.mark.parametrize(
    "logs", [np.zeros((1, 4)), np.zeros((4, 1)), np.zeros(4), np.full((3, 3), np.inf)]
)
def test_too_little_to_tell_groups_from_values_is_refused(logs: np.ndarray) -> None:
    with pytest.raises(ValueError, match="values"):
        components(logs)


@given(st.integers(1, 300), st.floats(0.001, 0.999), st.floats(0.5, 0.999))
def test_counts_of_equal_chances_have_the_binomial_range(
    trials: int, chance: float, confidence: float
) -> None:
    low, high = count_range([chance] * trials, confidence)
    binomial = scipy_stats.binom(trials, chance)
    assert binomial.cdf(high) - binomial.cdf(low - 1) >= confidence - 1e-9
    missed = (1 - confidence) / 2
    assert binomial.cdf(low - 1) <= missed + 1e-9
    assert binomial.sf(high) <= missed + 1e-9


def test_two_hundred_comparisons_have_the_range_from_scipy() -> None:
    expected = scipy_stats.binom(200, 10 / 256).ppf([0.0005, 0.9995])
    assert count_range([10 / 256] * 200, 0.999) == tuple(expected)


@given(st.lists(st.floats(0, 1), max_size=12))
def test_the_mean_of_counts_is_the_sum_of_their_chances(chances: list[float]) -> None:
    pmf = count_pmf(chances)
    assert pmf.sum() == pytest.approx(1)
    assert pmf @ np.arange(len(pmf)) == pytest.approx(sum(chances), abs=1e-9)


@given(st.integers(1, 250), st.data())
def test_the_interval_of_a_share_equals_the_one_from_scipy(
    of: int, data: st.DataObject
) -> None:
    found = data.draw(st.integers(0, of))
    expected = scipy_stats.binomtest(found, of).proportion_ci(method="exact")
    assert share_interval(found, of) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(("found", "of"), [(0, 0), (3, 2), (-1, 2)])
def test_counts_that_are_no_share_have_no_interval(found: int, of: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        share_interval(found, of)
