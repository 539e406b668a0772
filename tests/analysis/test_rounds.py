"""Ratios of cases that took turns: rounds remove the machine, blocks make the interval."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from bench.analysis.inference import Components, components
from bench.analysis.rounds import (
    BLOCKS_MIN,
    ROUNDS_MIN,
    best_rounds,
    block_logs,
    block_medians,
    medians_and_means,
    rotated_ratio,
)
from bench.analysis.stats import ratio

Floats = npt.NDArray[np.float64]
shapes = st.tuples(st.integers(BLOCKS_MIN, 12), st.integers(ROUNDS_MIN, 8))
seconds = st.floats(1e-6, 1.0)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Floats, Floats]:
    """Draw the windows of two cases that took turns."""
    shape = draw(shapes)
    a, b = (draw(st_numpy.arrays(np.float64, shape, elements=seconds)) for _ in range(2))
    return a, b


def windows(rng: np.random.Generator, blocks: int, rounds: int) -> tuple[Floats, Floats]:
    """Draw the windows of two equal programs on a machine that changes every round."""
    machine = rng.normal(0, 0.5, (blocks, rounds))
    a, b = (np.exp(machine + rng.normal(0, 0.1, (blocks, rounds))) for _ in range(2))
    return a, b


# --- The value of a block -------------------------------------------------------------


def test_the_value_of_a_block_is_the_median_of_its_log_ratios() -> None:
    a, b = [[2.0, 6.0, 4.0], [1.0, 1.0, 8.0]], [[1.0, 2.0, 2.0], [1.0, 1.0, 2.0]]
    assert block_logs(a, b) == pytest.approx([math.log(2), 0.0])


def test_a_round_that_lacks_one_side_is_left_out() -> None:
    a = [[2.0, math.nan, 2.0, 2.0, 9.0]]
    b = [[1.0, 9.0, 1.0, 1.0, math.nan]]
    assert block_logs(a, b) == pytest.approx([math.log(2)])


def test_a_block_with_too_few_rounds_has_no_value() -> None:
    whole = np.full(ROUNDS_MIN, 2.0)
    short = np.array([*whole[1:], math.nan])
    found = block_logs([whole, short], np.ones((2, ROUNDS_MIN)))
    assert found[0] == pytest.approx(math.log(2))
    assert math.isnan(found[1])


def test_with_the_fewest_rounds_one_hit_window_does_not_move_the_block() -> None:
    a = np.ones((1, ROUNDS_MIN))
    a[0, 1] = 50.0
    assert block_logs(a, np.ones((1, ROUNDS_MIN))) == pytest.approx([0.0])


@given(pairs(), st.randoms(use_true_random=False))
def test_a_median_of_rounds_equals_numpy_s_with_any_missing(pair: tuple, random) -> None:  # type: ignore[type-arg, no-untyped-def]
    table = pair[0].copy()
    for row in table:
        for column in range(len(row) - ROUNDS_MIN):
            if random.random() < 0.5:
                row[column] = math.nan
    assert block_medians(table) == pytest.approx(np.nanmedian(table, axis=1))


def test_tables_of_many_runs_have_the_values_of_each() -> None:
    rng = np.random.default_rng(3)
    a, b = rng.lognormal(0, 1, (2, 5, 9, 4))
    a[2, 3, 1] = math.nan
    one_by_one = [block_logs(x, y) for x, y in zip(a, b, strict=True)]
    assert block_logs(a, b) == pytest.approx(np.array(one_by_one))


# --- The ratio over blocks ------------------------------------------------------------


@given(pairs(), st_numpy.arrays(np.float64, (12, 8), elements=st.floats(0.1, 10)))
def test_a_slow_round_leaves_the_ratio_unchanged(
    pair: tuple[Floats, Floats], machine: Floats
) -> None:
    a, b = pair
    slow = machine[: a.shape[0], : a.shape[1]]
    quiet, noisy = rotated_ratio(a, b), rotated_ratio(a * slow, b * slow)
    assert (noisy.estimate, noisy.low, noisy.high) == pytest.approx(
        (quiet.estimate, quiet.low, quiet.high)
    )


@given(pairs())
def test_swapped_programs_have_the_inverse_ratio(pair: tuple[Floats, Floats]) -> None:
    there, back = rotated_ratio(*pair), rotated_ratio(*reversed(pair))
    assert there.estimate * back.estimate == pytest.approx(1)
    assert there.low * back.high == pytest.approx(1)


@given(pairs(), st.randoms(use_true_random=False))
def test_the_order_of_rounds_does_not_matter(pair: tuple, random) -> None:  # type: ignore[type-arg, no-untyped-def]
    a, b = pair
    order = list(range(a.shape[1]))
    random.shuffle(order)
    assert rotated_ratio(a[:, order], b[:, order]) == rotated_ratio(a, b)


def test_the_interval_is_over_blocks_and_counts_no_round() -> None:
    rng = np.random.default_rng(1)
    values = rng.lognormal(0, 0.1, 10)
    once = np.repeat(values[:, None], ROUNDS_MIN, axis=1)
    often = np.repeat(values[:, None], 50, axis=1)
    expected = ratio(values, np.ones(10))
    for table in (once, often):
        found = rotated_ratio(table, np.ones_like(table))
        assert found.low == pytest.approx(expected.low)
        assert found.high == pytest.approx(expected.high)
        assert (found.blocks, found.confidence) == (10, expected.confidence)


def test_fewer_blocks_than_eight_have_no_interval() -> None:
    a, b = windows(np.random.default_rng(2), BLOCKS_MIN, 5)
    assert not rotated_ratio(a, b).too_few_blocks
    a[0, :3] = math.nan  # two rounds are left in one block
    found = rotated_ratio(a, b)
    assert found.too_few_blocks
    assert (found.low, found.high, found.blocks) == (0, math.inf, BLOCKS_MIN - 1)


@pytest.mark.parametrize(
    ("a", "b", "why"),
    [
        (np.ones((8, 3)), np.ones((8, 4)), "not paired"),
        (np.ones(8), np.ones(8), "blocks, rounds"),
        (np.zeros((8, 3)), np.ones((8, 3)), r"a\[0, 0\] is 0"),
        (np.ones((8, 3)), np.full((8, 3), math.inf), r"b\[0, 0\] is inf"),
        (np.ones((8, 2)), np.ones((8, 2)), "no block has 3 rounds"),
        (np.ones((2, 8, 3)), np.ones((2, 8, 3)), "of one run"),
    ],
)
def test_impossible_tables_are_refused(a: Floats, b: Floats, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        rotated_ratio(a, b)


# --- The number of rounds -------------------------------------------------------------


def found(between: float, within: float) -> Components:
    return Components(between, within, 10, 24)


def test_the_best_number_of_rounds_is_kalibera_s_and_jones_s() -> None:
    # sqrt(start / round) * within / between: sqrt(4 / 0.25) * 0.06 / 0.02
    assert best_rounds(found(0.02, 0.06), start_s=4, round_s=0.25, most=100) == 12


@given(st.floats(0.001, 0.1), st.floats(0.001, 0.5), st.floats(0.1, 5), st.floats(0.01, 1))
def test_no_other_number_of_rounds_is_narrower_for_its_time(
    between: float, within: float, start_s: float, round_s: float
) -> None:
    best = best_rounds(found(between, within), start_s, round_s, most=60)
    wanted = math.sqrt(start_s / round_s) * within / between
    assert ROUNDS_MIN <= best <= 60
    assert min(60, max(ROUNDS_MIN, math.floor(wanted))) <= best
    assert best <= min(60, max(ROUNDS_MIN, math.ceil(wanted)))


def test_blocks_that_do_not_differ_take_as_many_rounds_as_allowed() -> None:
    assert best_rounds(found(0, 0.1), start_s=1, round_s=0.1, most=40) == 40


def test_blocks_that_differ_most_take_as_few_rounds_as_count() -> None:
    assert best_rounds(found(0.5, 0.01), start_s=1, round_s=0.1, most=40) == ROUNDS_MIN


@pytest.mark.parametrize(("start_s", "round_s", "most"), [(0, 1, 9), (1, -1, 9), (1, 1, 2)])
def test_impossible_costs_are_refused(start_s: float, round_s: float, most: int) -> None:
    with pytest.raises(ValueError, match=r"costs|rounds"):
        best_rounds(found(0.1, 0.1), start_s, round_s, most)


def test_rounds_chosen_from_a_pilot_make_the_narrowest_interval_for_the_time() -> None:
    """Choose by the components of one table, then spend one budget in three ways."""
    rng = np.random.default_rng(5)
    between, within, start_s, round_s, budget_s = 0.03, 0.12, 2.0, 0.1, 400.0

    def logs(blocks: int, rounds: int) -> Floats:
        moved: Floats = rng.normal(0, between, (blocks, 1))
        return moved + rng.normal(0, within, (blocks, rounds))

    best = best_rounds(components(logs(400, 10)), start_s, round_s, most=200)

    def spread(rounds: int) -> float:
        blocks = int(budget_s / (start_s + rounds * round_s))
        return float(np.std([logs(blocks, rounds).mean() for _ in range(2000)]))

    assert spread(best) < min(spread(best // 6), spread(best * 6))


# --- Medians and means ----------------------------------------------------------------


def two_modes(
    rng: np.random.Generator, share_slow: float, samples: int = 200
) -> tuple[Floats, Floats]:
    """Return medians and means of windows in which some wake-ups take 3 times as long."""
    shape = (BLOCKS_MIN, 12, samples)
    slow = rng.random(shape) < share_slow
    times = np.where(slow, 3.0, 1.0) * rng.lognormal(0, 0.05, shape)
    return np.median(times, axis=-1), times.mean(axis=-1)


def test_modes_met_unequally_often_make_medians_and_means_differ() -> None:
    rng = np.random.default_rng(7)
    (medians_a, means_a), (medians_b, means_b) = two_modes(rng, 0.6), two_modes(rng, 0.4)
    both = medians_and_means(medians_a, medians_b, means_a, means_b)
    assert both.by_medians.estimate == pytest.approx(3, rel=0.1)
    assert both.by_means.estimate == pytest.approx(2.2 / 1.8, rel=0.05)
    assert both.apart.high < 1
    assert both.differ


def test_modes_met_equally_often_do_not() -> None:
    rng = np.random.default_rng(8)
    (medians_a, means_a), (medians_b, means_b) = two_modes(rng, 0.2), two_modes(rng, 0.2)
    both = medians_and_means(1.5 * medians_a, medians_b, 1.5 * means_a, means_b)
    assert both.by_medians.estimate == pytest.approx(1.5, rel=0.02)
    assert both.by_means.estimate == pytest.approx(1.5, rel=0.05)
    assert not both.differ
