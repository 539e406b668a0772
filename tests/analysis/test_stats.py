"""The intervals cover what they say, and agree with the tests that they invert."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from random import Random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from bench.analysis.stats import (
    Interval,
    median_interval,
    noise_half_width,
    ratio,
    sign_interval,
    unpaired_ratio,
    verdict,
)
from bench.measure.percentiles import quantile, summary

Floats = npt.NDArray[np.float64]
Estimator = Callable[[Floats, Floats], Interval]

ESTIMATORS: tuple[Estimator, ...] = (ratio, sign_interval)
TRIALS = 3000  # the standard error of a coverage near 0.95 is then 0.4 points
TRUE_RATIO = 1.3
ROUNDING = 1 + 1e-12

# 1 - 2 P(fewer than k), counted by hand from the 2**n equally likely sign patterns:
# signed ranks reach k = 1, 4, 9 and signs k = 1, 1, 2 for 6, 8, 10 blocks.
EXACT: dict[tuple[Estimator, int], float] = {
    (ratio, 6): 1 - 2 * 1 / 64,
    (ratio, 8): 1 - 2 * 5 / 256,
    (ratio, 10): 1 - 2 * 25 / 1024,
    (sign_interval, 6): 1 - 2 * 1 / 64,
    (sign_interval, 8): 1 - 2 * 1 / 256,
    (sign_interval, 10): 1 - 2 * (1 + 10) / 1024,
}

seconds = st.floats(1e-9, 1e3)
blocks = st.lists(st.tuples(seconds, seconds), min_size=1, max_size=15)
estimators = st.sampled_from(ESTIMATORS)


def columns(pairs: list[tuple[float, float]]) -> tuple[Floats, Floats]:
    table = np.array(pairs, dtype=np.float64)
    return table[:, 0], table[:, 1]


def bounds(interval: Interval) -> tuple[float, float, float]:
    return interval.low, interval.estimate, interval.high


def coverage(estimator: Estimator, noise: Floats) -> float:
    """Share of rows of ``noise`` (trials, blocks) whose interval holds the ratio."""
    drift = np.random.default_rng(7).normal(0, 0.1, noise.shape)
    times_b = 1e-4 * np.exp(drift)
    times_a = TRUE_RATIO * times_b * np.exp(noise)
    covered = 0
    for a, b in zip(times_a, times_b, strict=True):
        interval = estimator(a, b)
        # Ties put a bound on the true ratio itself, give or take a rounding error.
        covered += interval.low / ROUNDING <= TRUE_RATIO <= interval.high * ROUNDING
    return covered / len(noise)


# --- Coverage -------------------------------------------------------------------------


@pytest.mark.parametrize("n", [6, 8, 10])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_the_confidence_is_exact_for_the_number_of_blocks(
    estimator: Estimator, n: int
) -> None:
    values = np.arange(1.0, n + 1)
    assert estimator(values, np.ones(n)).confidence == EXACT[estimator, n]


@pytest.mark.thorough
@pytest.mark.parametrize("shape", ["normal", "standard_cauchy"])
@pytest.mark.parametrize("n", [6, 8, 10])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_intervals_cover_symmetric_noise_with_their_confidence(
    estimator: Estimator, n: int, shape: str
) -> None:
    draw = getattr(np.random.default_rng(20 + n), shape)
    noise = np.clip(0.05 * draw(size=(TRIALS, n)), -100, 100)
    assert coverage(estimator, noise) == pytest.approx(EXACT[estimator, n], abs=0.01)


@pytest.mark.thorough
@pytest.mark.parametrize("n", [6, 8, 10])
def test_the_sign_interval_needs_no_symmetry(n: int) -> None:
    draws = np.random.default_rng(n).exponential(1, (TRIALS, n))
    skewed: Floats = draws - math.log(2)  # so that its median is 0
    nominal = EXACT[sign_interval, n]
    assert coverage(sign_interval, skewed) == pytest.approx(nominal, abs=0.01)


@pytest.mark.thorough
def test_intervals_cover_rounded_times_with_their_confidence_or_more() -> None:
    ticks = np.random.default_rng(3).integers(-2, 3, (TRIALS, 10))
    noise = (0.01 * ticks).astype(np.float64)
    for estimator in ESTIMATORS:
        assert coverage(estimator, noise) >= EXACT[estimator, 10] - 0.01


# --- Agreement with the tests that the intervals invert -------------------------------


def wilcoxon_p(differences: Floats) -> float:
    return float(scipy_stats.wilcoxon(differences, method="exact").pvalue)


def sign_p(differences: Floats) -> float:
    above = int(np.count_nonzero(differences > 0))
    return float(scipy_stats.binomtest(above, len(differences)).pvalue)


@pytest.mark.parametrize("confidence", [0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [8, 11, 20, 40])
@pytest.mark.parametrize(
    ("estimator", "p_value"), [(ratio, wilcoxon_p), (sign_interval, sign_p)]
)
def test_the_bounds_are_where_the_test_starts_to_reject(
    estimator: Callable[..., Interval],
    p_value: Callable[[Floats], float],
    n: int,
    confidence: float,
) -> None:
    rng = np.random.default_rng(n)
    a, b = rng.lognormal(0.1, 0.2, n), rng.lognormal(0, 0.1, n)
    interval = estimator(a, b, confidence)
    for bound, outwards in ((interval.low, -1), (interval.high, 1)):
        outside = np.log(a / b) - math.log(bound) - outwards * 1e-9
        inside = np.log(a / b) - math.log(bound) + outwards * 1e-9
        assert p_value(outside) == pytest.approx(1 - interval.confidence)
        assert p_value(outside) <= 1 - confidence < p_value(inside)


@pytest.mark.parametrize("n", range(1, 11))
def test_the_confidence_equals_a_count_of_all_sign_patterns(n: int) -> None:
    ranks = np.arange(1, n + 1)
    patterns = np.array(list(itertools.product([0, 1], repeat=n)))
    for estimator, sums in (
        (ratio, patterns @ ranks),
        (sign_interval, patterns.sum(axis=1)),
    ):
        levels = [1.0] + [1 - 2 * np.mean(sums < k) for k in range(1, sums.max())]
        expected = min(level for level in levels if level >= 0.9)
        assert estimator(ranks, ranks, 0.9).confidence == expected


# --- Small cases by hand --------------------------------------------------------------


def test_the_hodges_lehmann_estimate_equals_one_computed_by_hand() -> None:
    # Logs (base 2) 0, 1, 5: Walsh averages 0, 0.5, 1, 2.5, 3, 5, whose median is 1.75.
    interval = ratio([1, 2, 32], [1, 1, 1], confidence=0.5)
    # P(T < 2) = 2/8, so k = 2 covers exactly one half: the second and fifth averages.
    expected = (2**0.5, 2**1.75, 2**3.0)
    assert bounds(interval) == pytest.approx(expected)
    assert (interval.confidence, interval.blocks) == (0.5, 3)


def test_six_blocks_reach_from_the_smallest_to_the_largest_ratio() -> None:
    for estimator in ESTIMATORS:
        interval = estimator(np.array([3.0, 1, 6, 2, 5, 4]), np.full(6, 2.0))
        assert (interval.low, interval.high) == pytest.approx((0.5, 3))
        assert interval.confidence == 0.96875


def test_the_interval_of_a_median_equals_one_computed_by_hand() -> None:
    interval = median_interval([50, 10, 40, 20, 30, 60, 70, 80, 90, 100])
    assert interval == Interval(55, 20, 90, 1 - 22 / 1024, 10)


def test_a_trial_that_never_recovered_is_a_value() -> None:
    interval = median_interval([1, 2, 3, 4, 5, 6, 7, math.inf])
    assert (interval.low, interval.estimate, interval.high) == (1, 4.5, math.inf)
    assert not interval.too_few_blocks


def test_equal_times_have_an_interval_of_one_point() -> None:
    for estimator in ESTIMATORS:
        interval = estimator(np.full(9, 0.5), np.full(9, 0.5))
        assert bounds(interval) == (1, 1, 1)


@pytest.mark.parametrize("n", range(1, 6))
def test_fewer_than_six_blocks_have_no_interval(n: int) -> None:
    times = np.linspace(1, 2, n)
    for interval in (ratio(times, times), sign_interval(times, times)):
        assert interval.too_few_blocks
        assert bounds(interval) == (0, 1, math.inf)
        assert (interval.confidence, interval.blocks) == (1.0, n)
        assert verdict(interval) == "inconclusive"
        assert noise_half_width(interval) == math.inf
    assert median_interval(times).low == -math.inf
    assert not ratio(np.ones(6), np.ones(6)).too_few_blocks


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([1, 2], [1], "not paired"),
        ([], [], "expected one value per block"),
        ([[1.0]], [[1.0]], "expected one value per block"),
        ([1, 0], [1, 1], r"a\[1\] is 0"),
        ([1, 1], [-1, 1], r"b\[0\] is -1"),
        ([1, math.nan], [1, 1], r"a\[1\] is nan"),
        ([1, math.inf], [1, 1], r"a\[1\] is inf"),
    ],
)
def test_values_that_are_no_pairs_of_times_are_refused(
    a: npt.ArrayLike, b: npt.ArrayLike, message: str
) -> None:
    for estimator in (ratio, sign_interval):
        with pytest.raises(ValueError, match=message):
            estimator(a, b)


@pytest.mark.parametrize("values", [[], [math.nan, 1], [-math.inf, 1]])
def test_values_that_are_no_measurement_are_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="values"):
        median_interval(values)


@pytest.mark.parametrize("confidence", [0, 1, 1.5, -0.1, math.nan])
def test_a_confidence_is_between_0_and_1(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        ratio([1, 2], [1, 2], confidence)


# --- Properties -----------------------------------------------------------------------


@given(blocks, estimators, st.floats(0.5, 0.99))
def test_the_interval_contains_its_estimate(
    pairs: list[tuple[float, float]],
    estimator: Callable[..., Interval],
    confidence: float,
) -> None:
    interval = estimator(*columns(pairs), confidence)
    assert interval.low <= interval.estimate <= interval.high
    assert confidence <= interval.confidence <= 1


@pytest.mark.thorough
@given(blocks, estimators, st.floats(1e-3, 1e3))
def test_the_unit_does_not_matter(
    pairs: list[tuple[float, float]], estimator: Estimator, factor: float
) -> None:
    a, b = columns(pairs)
    expected = bounds(estimator(a, b))
    assert bounds(estimator(factor * a, factor * b)) == pytest.approx(expected)
    scaled = tuple(factor * bound for bound in expected)
    assert bounds(estimator(factor * a, b)) == pytest.approx(scaled)


@given(blocks, estimators)
def test_swapped_sides_give_the_inverse_ratio(
    pairs: list[tuple[float, float]], estimator: Estimator
) -> None:
    a, b = columns(pairs)
    there, back = estimator(a, b), estimator(b, a)
    assert there.estimate == pytest.approx(1 / back.estimate)
    if not there.too_few_blocks:
        assert there.low == pytest.approx(1 / back.high)
        assert there.high == pytest.approx(1 / back.low)
    assert there.confidence == back.confidence


@given(blocks, estimators, st.randoms(use_true_random=False))
def test_the_order_of_the_blocks_does_not_matter(
    pairs: list[tuple[float, float]],
    estimator: Estimator,
    random: Random,
) -> None:
    shuffled = list(pairs)
    random.shuffle(shuffled)
    assert estimator(*columns(shuffled)) == estimator(*columns(pairs))


@given(blocks)
def test_the_estimate_is_the_median_of_the_ratios_of_pairs(
    pairs: list[tuple[float, float]],
) -> None:
    a, b = columns(pairs)
    expected = float(np.median(np.log(a / b)))
    assert math.log(sign_interval(a, b).estimate) == pytest.approx(expected, abs=1e-9)


# --- Percentiles ----------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 10**12), min_size=1, max_size=300),
    st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.5, 0.9, 0.99, 0.999, 1.0])),
)
def test_a_quantile_is_a_sample_of_its_rank(samples: list[int], q: float) -> None:
    value = quantile(samples, q)
    assert value in samples
    assert value == sorted(samples)[max(math.ceil(len(samples) * q), 1) - 1]


def test_an_even_median_is_the_lower_sample() -> None:
    assert quantile([40, 10, 30, 20], 0.5) == 20


@pytest.mark.parametrize(("samples", "q"), [([], 0.5), ([[1]], 0.5), ([1], 1.1)])
def test_a_quantile_of_no_samples_or_beyond_0_and_1_is_refused(
    samples: npt.ArrayLike, q: float
) -> None:
    with pytest.raises(ValueError, match=r"samples|range \[0, 1\]"):
        quantile(samples, q)


def test_a_summary_of_samples_equals_one_computed_by_hand() -> None:
    samples = np.random.default_rng(0).permutation(np.arange(1, 10_001))
    expected = {"n": 10_000, "p50_ns": 5000, "p90_ns": 9000, "p99_ns": 9900}
    expected |= {"p999_ns": 9990, "max_ns": 10_000}
    for result in (summary(samples), summary(samples.astype(np.float64))):
        assert result == expected
        assert all(type(value) is int for value in result.values())


@pytest.mark.parametrize(("n", "shown"), [(1, False), (9999, False), (10_000, True)])
def test_p999_needs_ten_samples_beyond_it(n: int, shown: bool) -> None:
    assert ("p999_ns" in summary(np.arange(n))) is shown


def test_no_samples_have_no_summary() -> None:
    with pytest.raises(ValueError, match="samples"):
        summary([])


# --- Verdicts -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.98, 1.03, 0.03), (0.95, 1.01, 1 / 0.95 - 1), (1.02, 1.04, 0.04), (1, 1, 0)],
)
def test_noise_counts_width_and_offset(low: float, high: float, expected: float) -> None:
    interval = Interval(math.sqrt(low * high), low, high, 0.95, 10)
    assert noise_half_width(interval) == pytest.approx(expected)
    logs = max(abs(math.log(low)), abs(math.log(high)))
    assert noise_half_width(interval) == pytest.approx(math.expm1(logs))


@pytest.mark.parametrize(
    ("low", "high", "noise", "expected"),
    [
        (0.50, 0.60, 0.00, "faster"),
        (0.90, 0.95, 0.00, "faster"),
        (0.90, 0.96, 0.00, "inconclusive"),  # 1/1.05 = 0.952
        (0.97, 1.04, 0.00, "equivalent"),
        (1 / 1.05, 1.05, 0.00, "equivalent"),
        (0.94, 1.04, 0.00, "inconclusive"),
        (0.97, 1.06, 0.00, "inconclusive"),
        (1.05, 1.20, 0.00, "inconclusive"),
        (1.06, 1.20, 0.00, "slower"),
        (0.50, 2.00, 0.00, "inconclusive"),
        (1.06, 1.20, 0.10, "inconclusive"),  # outside the margin, within the noise
        (1.11, 1.20, 0.10, "slower"),
        (0.85, 0.92, 0.10, "inconclusive"),
        (0.85, 0.90, 0.10, "faster"),
        (0.50, 0.60, math.inf, "inconclusive"),
        (0.98, 1.02, 0.05, "equivalent"),
        (0.98, 1.02, 0.06, "inconclusive"),
        (0.98, 1.02, math.inf, "inconclusive"),
    ],
)
def test_a_verdict_needs_an_interval_beyond_the_margin_and_the_noise(
    low: float, high: float, noise: float, expected: str
) -> None:
    interval = Interval(math.sqrt(low * high), low, high, 0.95, 10)
    assert verdict(interval, noise) == expected


def test_a_wider_margin_makes_a_slower_program_equivalent() -> None:
    interval = Interval(1.15, 1.1, 1.2, 0.95, 10)
    assert verdict(interval, margin=1.05) == "slower"
    assert verdict(interval, margin=1.25) == "equivalent"


@pytest.mark.parametrize(
    ("noise", "margin"), [(-0.1, 1.05), (math.nan, 1.05), (0, 0.9), (0, math.nan)]
)
def test_a_noise_or_margin_that_hides_nothing_is_refused(
    noise: float, margin: float
) -> None:
    with pytest.raises(ValueError, match="noise"):
        verdict(Interval(1, 1, 1, 0.95, 10), noise, margin)


# -- blocks of two runs ----------------------------------------------------------------


@pytest.mark.parametrize(("n", "m"), [(3, 3), (4, 3), (6, 6), (5, 9), (10, 6)])
def test_the_unpaired_interval_has_the_ratios_that_the_rank_sum_test_does_not_reject(
    n: int, m: int
) -> None:
    rng = np.random.default_rng(n * 100 + m)
    for _ in range(20):
        a, b = np.exp(rng.normal(0.3, 0.5, n)), np.exp(rng.normal(0, 0.5, m))
        found = unpaired_ratio(a, b)
        assert found.too_few_blocks is (2 / math.comb(n + m, n) > 0.05)
        if found.too_few_blocks:
            continue
        level = 1 - found.confidence

        def p_of(shift: float, a: Floats = a, b: Floats = b) -> float:
            return float(scipy_stats.mannwhitneyu(a / shift, b, method="exact").pvalue)

        for inside in (found.low * ROUNDING**9, found.high / ROUNDING**9):
            assert p_of(inside) > level
        for outside in (found.low / ROUNDING**9, found.high * ROUNDING**9):
            assert p_of(outside) <= level * ROUNDING


def test_the_unpaired_interval_covers_the_truth_as_often_as_its_confidence() -> None:
    rng = np.random.default_rng(5)
    hits, level = 0, 0.0
    for _ in range(TRIALS):
        a = TRUE_RATIO * np.exp(rng.normal(0, 0.2, 6))
        found = unpaired_ratio(a, np.exp(rng.normal(0, 0.2, 10)))
        hits += found.low <= TRUE_RATIO <= found.high
        level = found.confidence
    assert abs(hits / TRIALS - level) < 0.015


@given(blocks, blocks)
def test_the_unpaired_ratio_of_swapped_runs_is_the_inverse(
    one: list[tuple[float, float]], other: list[tuple[float, float]]
) -> None:
    a, b = columns(one)[0], columns(other)[0]
    found, swapped = unpaired_ratio(a, b), unpaired_ratio(b, a)
    assert found.estimate == pytest.approx(1 / swapped.estimate)
    if not found.too_few_blocks:
        assert found.low == pytest.approx(1 / swapped.high)
    assert found.confidence == pytest.approx(swapped.confidence)


def test_the_unpaired_ratio_does_not_depend_on_the_order_of_blocks() -> None:
    a, b = [1.0, 2.0, 3.0, 5.0], [1.5, 2.5, 0.5, 4.0, 6.0]
    assert unpaired_ratio(a, b) == unpaired_ratio(a[::-1], sorted(b))


def test_the_unpaired_ratio_refuses_values_that_are_not_times() -> None:
    with pytest.raises(ValueError, match=r"b\[1\] is 0.0"):
        unpaired_ratio([1.0, 2.0], [1.0, 0.0])
