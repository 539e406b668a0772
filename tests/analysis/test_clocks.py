"""No verdict on a time between two hosts stands that their clocks could change."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from once import run_made_once

from bench.analysis.clocks import clock_share, widened
from bench.analysis.comparisons import comparisons
from bench.analysis.estimates import estimates
from bench.analysis.results import Run, load
from bench.analysis.stats import Interval, Verdict
from bench.measure.common import CLOCK_BOUND

shares = st.floats(0, 0.9)
signs = st.floats(-1, 1)


@given(st.floats(1e-3, 1e3), shares, shares, signs, signs)
def test_a_widened_interval_holds_the_truth_for_all_errors_of_the_clocks(
    ratio: float, share_a: float, share_b: float, sign_a: float, sign_b: float
) -> None:
    measured = Interval(ratio, ratio, ratio, 0.95, 10)
    found = widened(measured, share_a, share_b)
    truth = ratio * (1 + sign_a * share_a) / (1 + sign_b * share_b)
    assert found.low <= truth * (1 + 1e-9)
    assert truth <= found.high * (1 + 1e-9)
    assert found.estimate == ratio


def test_clocks_that_are_wrong_by_a_whole_time_leave_no_upper_bound() -> None:
    found = widened(Interval(2.0, 1.9, 2.1, 0.95, 10), 0.0, 1.0)
    assert math.isinf(found.high)
    assert found.low == pytest.approx(0.95)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return load(run_made_once(tmp_path_factory, "clocks"))


def bounded(run: Run, share: float) -> Run:
    """Return the run as if each time had a bound of this share of it."""
    bound_ns = 1e9 * share * run.trials["value_s"]
    return replace(run, trials=run.trials.assign(**{CLOCK_BOUND: bound_ns}))


def test_a_bound_takes_verdicts_away_and_turns_none_round(run: Run) -> None:
    plain = {row.identity: row.verdict for row in comparisons(run)}
    assert {Verdict.FASTER, Verdict.SLOWER} <= {*plain.values()}
    for share in (0.001, 0.2, 0.99):
        for row in comparisons(bounded(run, share)):
            assert row.verdict in (plain[row.identity], Verdict.INCONCLUSIVE)
    everything = {row.verdict for row in comparisons(bounded(run, 0.99))}
    assert everything == {Verdict.INCONCLUSIVE}


def test_an_interval_of_a_time_is_wider_by_the_bound(run: Run) -> None:
    case = next(row.case.id for row in estimates(run) if row.measure == "p50")
    plain, wide = (
        next(r for r in estimates(one) if (r.case.id, r.measure) == (case, "p50"))
        for one in (run, bounded(run, 0.1))
    )
    most_us = 1e5 * run.values_s(case).max()
    assert clock_share(bounded(run, 0.1), case) == pytest.approx(0.1)
    assert wide.value == plain.value
    assert wide.high - plain.high == pytest.approx(most_us)
    assert plain.low - wide.low == pytest.approx(most_us)
