"""How often each interval covers the truth: simulated, with fixed seeds.

Each observed coverage must be within one point of the exact level that the interval
claims. With 10,000 simulations its standard error is 0.22 points or less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import combinations
from statistics import median

import numpy as np
import pytest

from bench.analysis.stats import Interval, median_interval, ratio, sign_interval
from bench.run.extension import AIMS, EXTENSIONS

SIMULATIONS = 10_000
POINT = 0.01
Draw = Callable[[np.random.Generator, tuple[int, int]], np.ndarray]

SYMMETRIC: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(0, 1, shape),
    "laplace": lambda rng, shape: rng.laplace(0, 1, shape),
}
SKEWED: dict[str, tuple[Draw, float]] = {
    "lognormal": (lambda rng, shape: rng.lognormal(0, 1, shape), 1.0),
    "exponential": (lambda rng, shape: rng.exponential(1, shape), math.log(2)),
    "censored": (
        # a third never ends: the median is that of the rest's upper part
        lambda rng, shape: np.where(
            rng.random(shape) < 1 / 3, math.inf, rng.uniform(0, 1, shape)
        ),
        0.75,
    ),
}


def coverage(intervals: list[Interval], truth: float) -> float:
    return sum(i.low <= truth <= i.high for i in intervals) / len(intervals)


def expect_exact(intervals: list[Interval], truth: float) -> None:
    assert coverage(intervals, truth) == pytest.approx(intervals[0].confidence, abs=POINT)


@pytest.mark.thorough
@pytest.mark.parametrize("blocks", [6, 10, 20])
@pytest.mark.parametrize("name", SYMMETRIC)
def test_the_ratio_is_covered_where_differences_are_symmetric(
    name: str, blocks: int
) -> None:
    rng = np.random.default_rng(blocks)
    logs = SYMMETRIC[name](rng, (SIMULATIONS, blocks)) * 0.1 + math.log(1.3)
    ones = np.ones(blocks)
    expect_exact([ratio(row, ones) for row in np.exp(logs)], 1.3)


@pytest.mark.parametrize("blocks", [6, 10, 15])
@pytest.mark.parametrize("name", SKEWED)
def test_the_median_is_covered_for_every_shape_of_distribution(
    name: str, blocks: int
) -> None:
    draw, truth = SKEWED[name]
    drawn = draw(np.random.default_rng(blocks), (SIMULATIONS, blocks))
    expect_exact([median_interval(row) for row in drawn], truth)


@pytest.mark.parametrize("blocks", [6, 10])
def test_the_sign_interval_needs_no_symmetry(blocks: int) -> None:
    drawn = np.random.default_rng(blocks).exponential(1, (SIMULATIONS, blocks))
    ones = np.ones(blocks)
    expect_exact([sign_interval(row, ones) for row in drawn], math.log(2))


RUNS = 1500
PLANNED = 10
WORKLOADS, STACKS = 3, 3


def claims_of_a_run(rng: np.random.Generator, spread: float) -> Iterator[np.ndarray]:
    """Yield the ratios by block of each pair of three equal stacks, in three workloads."""
    blocks = PLANNED + EXTENSIONS["standard"].blocks
    for _ in range(WORKLOADS):
        values = np.exp(rng.normal(0, spread, (STACKS, blocks)))
        yield from (a / b for a, b in combinations(values, 2))


@pytest.mark.thorough
@pytest.mark.parametrize("spread", [0.03, 0.045, 0.05, 0.055])
def test_a_run_that_may_be_extended_for_its_width_covers_as_well(spread: float) -> None:
    """Where the median width is close to the aim a rule like this could do most harm."""
    rng, ones = np.random.default_rng(15), np.ones(PLANNED)
    found: list[Interval] = []
    for _ in range(RUNS):
        claims = list(claims_of_a_run(rng, spread))
        made = [ratio(claim[:PLANNED], ones) for claim in claims]
        if median(math.sqrt(i.high / i.low) - 1 for i in made) > AIMS["shared"]:
            made = [ratio(claim, np.ones(len(claim))) for claim in claims]
        found += made
    level = sum(i.confidence for i in found) / len(found)
    assert coverage(found, 1.0) == pytest.approx(level, abs=POINT)
