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

from bench.analysis.growth import (
    MARGINAL,
    Growth,
    Point,
    fitted,
    growths,
    points,
    straight,
)
from bench.analysis.results import Run, load
from bench.contract.model import Case

NUMBERS = (1, 3, 10, 30, 100, 300, 1000)
ZMQ = "zmq.minimal.python"
LOSSLESS = "zmq.lossless.python"
SERVER = "serve_cpu_us_per_message"
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


@given(
    st.lists(
        st.tuples(st.integers(1, 1000), st.floats(1, 1e4)),
        min_size=3,
        unique_by=lambda p: p[0],
    )
)
def test_the_marginal_cost_of_a_block_minimizes_relative_errors(
    points: list[tuple[int, float]],
) -> None:
    numbers, costs = (np.array(column, dtype=float) for column in zip(*points, strict=True))
    slope, _ = straight(numbers, costs)
    matrix = np.column_stack([numbers / costs, 1 / costs])
    (best, _), *_ = np.linalg.lstsq(matrix, np.ones(len(costs)), rcond=None)
    assert slope == pytest.approx(best, rel=1e-4, abs=1e-6 * costs.max())


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
    trials[SERVER] = true * np.exp(rng.normal(0, noise, len(trials)))
    return replace(run, trials=trials)


def of_zmq(run: Run) -> Growth:
    """Return the law of ZeroMQ's requests, by the number of connections."""
    programs = {
        (growth.program.workload, growth.program.key): growth for growth in growths(run)
    }
    return programs["request_reply", ZMQ]


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
    programs = {(c.workload, c.key) for c in run.cases.values() if c.quantity == "cost"}
    assert len(found) == len(programs) > 6
    assert {growth.id for growth in found} >= {
        f"request_reply.cost_exponent.64B.tcp.clients.split.{ZMQ}",
        f"fan_out.cost_exponent.64B.tcp.subscribers.split.{LOSSLESS}",
        f"pipeline.cost_exponent.64B.tcp.workers.split.{ZMQ}",
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
    few = growths(late(3, 10, 300, 1000))
    assert "request_reply" not in {growth.program.workload for growth in few}


def test_without_blocks_enough_an_exponent_has_no_interval(tmp_path: Path) -> None:
    few = load(synthetic.make(tmp_path / "run", profile="growth", keep=only_cost, blocks=2))
    found = of_zmq(with_costs(few, lambda _: 70.0))
    assert math.isnan(found.low)
    assert math.isfinite(found.value)


def of_subscribers(run: Run, number: int) -> Point:
    (found,) = (
        point
        for point in points(run)
        if (point.case.key, point.case.instances) == (LOSSLESS, number)
    )
    return found


def changed(run: Run, number: int, **columns: float) -> Run:
    """Return the run with these columns of ZeroMQ's fan-out to so many subscribers."""
    case = of_subscribers(run, number).case
    trials = run.trials.copy()
    for name, value in columns.items():
        trials.loc[trials["case"] == case.id, name] = value
    return replace(run, trials=trials)


def test_a_point_of_fan_out_is_the_publishers_cost_of_a_published_message(run: Run) -> None:
    """The synthetic publisher pays 1 + N/10 times what a message takes."""
    ten, hundred = (of_subscribers(run, number).cost.estimate for number in (10, 100))
    assert hundred / ten == pytest.approx(11 / 2, rel=0.2)
    assert not of_subscribers(run, 100).hollow


def exponent_over(run: Run) -> list[int]:
    (found,) = (growth for growth in growths(run) if growth.program.key == LOSSLESS)
    return [case.instances for case in found.cases]


def test_a_crowd_that_fills_its_cpu_makes_a_point_hollow_and_no_part_of_the_law(
    run: Run,
) -> None:
    """15,000 us for each of 50 messages a second are 75 % of a CPU."""
    full = changed(run, 300, subscribe_cpu_us_per_message=15_000.0)
    assert of_subscribers(full, 300).hollow == (
        "the crowd is the limit, it used 75 % of a CPU"
    )
    assert exponent_over(full) == [1, 3, 10, 30, 100]
    assert exponent_over(run) == [1, 3, 10, 30, 100, 300]


def test_a_client_in_python_spins_and_is_judged_by_its_lag_alone(run: Run) -> None:
    full = changed(run, 300, subscribe_cpu_us_per_message=15_000.0)
    own = replace(full, trials=full.trials.assign(generator="own"))
    assert not of_subscribers(own, 300).hollow


def test_a_publisher_that_is_a_period_late_has_not_held_the_rate(run: Run) -> None:
    late = changed(run, 300, late_p99_ns=21e6)
    assert "the rate was not held, messages were 21 ms late" in (
        of_subscribers(late, 300).hollow
    )
    assert 300 not in exponent_over(late)
    assert not of_subscribers(changed(run, 300, late_p99_ns=19e6), 300).hollow


def test_a_point_beside_others_is_hollow_and_stays_in_the_law(run: Run) -> None:
    busy = changed(run, 30, others_cpu_share=0.2)
    assert of_subscribers(busy, 30).hollow == "others used 20 % of the CPUs"
    assert 30 in exponent_over(busy)


def test_a_refused_generator_leaves_a_hollow_point_with_its_reason(run: Run) -> None:
    case = f"request_reply.cost.64B.tcp.1000_clients.split.{ZMQ}"
    trials = run.trials.copy()
    trials.loc[trials["case"] == case, "lag_p99_ns"] = 1e9
    (found,) = (p for p in points(replace(run, trials=trials)) if p.case.id == case)
    assert "the generator is the limit, 1,000,000 us late at p99" in found.hollow
    assert found.cost.estimate > 0


def of_publisher(run: Run) -> Growth:
    (found,) = (row for row in growths(run, MARGINAL) if row.program.key == LOSSLESS)
    return found


def with_publishers(run: Run, cost: Callable[[int], float]) -> Run:
    """Return the run with these costs of a published message, and 1 % of noise."""
    rng = np.random.default_rng(1)
    trials = run.trials.copy()
    numbers = trials["case"].map({c.id: c.instances for c in run.cases.values()})
    true = np.array([cost(number) for number in numbers])
    noise = np.exp(rng.normal(0, 0.01, len(trials)))
    trials["publish_cpu_us_per_message"] = true * noise
    return replace(run, trials=trials)


def test_a_known_marginal_cost_is_found(run: Run) -> None:
    found = of_publisher(with_publishers(run, lambda number: 150 + 10.8 * number))
    assert found.low <= 10.8 <= found.high
    assert found.high - found.low < 0.5
    assert not found.off_line
    assert found.id == f"fan_out.cost_marginal.64B.tcp.subscribers.split.{LOSSLESS}"


def test_marginal_costs_of_milliseconds_have_an_interval_too(run: Run) -> None:
    """An exponential of such a number would be infinite."""
    found = of_publisher(with_publishers(run, lambda number: 150 + 1e4 * number))
    assert found.low <= 1e4 <= found.high


def test_a_cost_that_bends_has_no_straight_line(run: Run) -> None:
    assert of_publisher(with_publishers(run, lambda number: 10 * number**1.5)).off_line


def test_connections_have_no_marginal_cost(run: Run) -> None:
    assert {row.program.workload for row in growths(run, MARGINAL)} == {"fan_out"}
