"""Exponents: how the cost of a message grows with connections, and when there is none."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from bench.analysis.growth import COLUMN, Growth, fitted, growths
from bench.analysis.results import Run, load
from bench.contract.model import Case

NUMBERS = (1, 3, 10, 30, 100, 300, 1000)
ZMQ = "zmq.minimal.python"
positive = st.floats(1e-3, 1e6)


@given(
    st.lists(
        st.tuples(st.integers(1, 10_000), positive), min_size=3, unique_by=lambda p: p[0]
    )
)
def test_the_exponent_of_a_block_is_the_slope_of_a_line_through_logarithms(
    points: list[tuple[int, float]],
) -> None:
    numbers, costs = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    slope, off = fitted(numbers, costs)
    line = stats.linregress(np.log(numbers), np.log(costs))
    assert slope == pytest.approx(line.slope, rel=1e-6, abs=1e-6)
    wanted = np.log(costs) - line.intercept - line.slope * np.log(numbers)
    np.testing.assert_allclose(off, wanted, atol=1e-6)


def only_cost(case: Case) -> bool:
    return case.quantity == "cost"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("growth") / "run"
    return load(synthetic.make(folder, profile="growth", keep=only_cost))


def with_costs(run: Run, cost: Callable[[int], float], noise: float = 0.02) -> Run:
    """Return the run with these costs of a message, by the number of connections."""
    rng = np.random.default_rng(1)
    trials = run.trials.copy()
    numbers = trials["case"].map({c.id: c.instances for c in run.cases.values()})
    true = np.array([cost(number) for number in numbers])
    trials[COLUMN] = true * np.exp(rng.normal(0, noise, len(trials)))
    return replace(run, trials=trials)


def of_zmq(run: Run) -> Growth:
    (found,) = (growth for growth in growths(run) if growth.program.key == ZMQ)
    return found


@pytest.mark.parametrize("exponent", [0.0, 0.3, 1.0, -0.2])
def test_a_known_exponent_is_found(run: Run, exponent: float) -> None:
    found = of_zmq(with_costs(run, lambda number: 70 * number**exponent))
    assert found.low <= exponent <= found.high
    assert found.high - found.low < 0.03
    assert not found.off_line
    assert tuple(case.instances for case in found.cases) == NUMBERS


def test_a_cost_that_jumps_at_a_hundred_connections_is_no_power_law(run: Run) -> None:
    found = of_zmq(with_costs(run, lambda number: 70.0 if number < 100 else 140.0))
    assert found.off_line


def test_every_program_has_an_id_of_its_growth(run: Run) -> None:
    found = growths(with_costs(run, lambda _: 70.0))
    cases = [c for c in run.cases.values() if c.instances == 1000]
    assert len(found) == len(cases) > 2
    assert f"request_reply.cost_exponent.64B.tcp.clients.split.{ZMQ}" in {
        growth.id for growth in found
    }


def test_a_refused_point_takes_no_part_and_too_few_have_no_exponent(run: Run) -> None:
    """A client that was too slow says nothing about the server."""
    made = with_costs(run, lambda _: 70.0)

    def late(*numbers: int) -> Run:
        trials = made.trials.copy()
        slow = {f"_{number}_" for number in numbers}
        is_slow = [
            any(f".{word.strip('_')}_clients." in case for word in slow)
            for case in trials["case"]
        ]
        trials.loc[is_slow, "lag_p99_ns"] = 1e9
        return replace(made, trials=trials)

    known = [case.instances for case in of_zmq(late(1000)).cases]
    assert known == [*NUMBERS[:-1]]
    assert growths(late(3, 10, 300, 1000)) == []


def test_without_blocks_enough_an_exponent_has_no_interval(tmp_path: Path) -> None:
    few = load(synthetic.make(tmp_path / "run", profile="growth", keep=only_cost, blocks=2))
    found = of_zmq(with_costs(few, lambda _: 70.0))
    assert math.isnan(found.low)
    assert math.isfinite(found.exponent)
