"""The offset of a clock is found within its bound, however unlike the two ways are."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from helpers_bench import find_cell, make_case
from hypothesis import given
from hypothesis import strategies as st

from bench.contract.model import APART
from bench.errors import NotMeasurable, TrialError
from bench.measure import latency, throughput
from bench.measure.common import CLOCK_BOUND
from bench.selftest.clocks import AHEAD_S, ahead_by, answers, found_ahead
from bench.sites.clocks import Stamps, Stepped, offset
from bench.sites.far import Far
from bench.sites.far_host import SiteLost
from bench.sites.pipe import Pipe
from bench.trial.addresses import LOOPBACK
from bench.trial.clock import Offset, between
from bench.trial.record import Window
from bench.trial.site import Sites, apart_on
from bench.trial.trial import run_trial

nanoseconds = st.integers(0, 10**9)
ahead = st.integers(-(10**15), 10**15)
ways = st.lists(st.tuples(nanoseconds, nanoseconds, nanoseconds), min_size=1)


def exchanges(ahead_ns: int, ways: Sequence[tuple[int, int, int]]) -> list[Stamps]:
    """Return exchanges with a clock that is ahead: each has a way there, a stay, and a way
    back.
    """
    made, now_ns = [], 0
    for there_ns, stay_ns, back_ns in ways:
        received_ns = now_ns + there_ns + ahead_ns
        answered_ns = received_ns + stay_ns
        heard_ns = answered_ns - ahead_ns + back_ns
        made.append(Stamps(now_ns, received_ns, answered_ns, heard_ns))
        now_ns = heard_ns
    return made


@given(ahead, ways)
def test_the_true_offset_lies_within_the_bound(
    ahead_ns: int, ways: Sequence[tuple[int, int, int]]
) -> None:
    found = offset(exchanges(ahead_ns, ways))
    assert abs(found.ns - ahead_ns) <= found.bound_ns
    shortest_ns = min(there for there, _, _ in ways), min(back for *_, back in ways)
    assert found.most_ns - found.least_ns == sum(shortest_ns)


@given(ahead, ways)
def test_a_clock_that_was_set_is_found(
    ahead_ns: int, ways: Sequence[tuple[int, int, int]]
) -> None:
    longest_ns = max(there + back for there, _, back in ways)
    stepped_ns = ahead_ns + longest_ns + 1
    with pytest.raises(Stepped):
        offset([*exchanges(ahead_ns, ways), *exchanges(stepped_ns, ways)])


@given(ahead, st.integers(-(10**6), 10**6), ways, ways, st.floats(0, 1))
def test_bounds_hold_between_two_estimates_of_a_clock_that_drifts(
    ahead_ns: int,
    drift_ns: int,
    first: Sequence[tuple[int, int, int]],
    second: Sequence[tuple[int, int, int]],
    when: float,
) -> None:
    before = offset(exchanges(ahead_ns, first))
    after = offset(exchanges(ahead_ns + drift_ns, second))
    found = between(before, after)
    assert found.least_ns <= ahead_ns + int(when * drift_ns) <= found.most_ns


def test_the_middle_of_an_odd_interval_is_within_its_bound() -> None:
    assert Offset(-3, 2).bound_ns == 3
    assert abs(2 - Offset(-3, 2).ns) <= Offset(-3, 2).bound_ns


def test_a_time_namespace_is_found_as_far_ahead_as_it_is() -> None:
    try:
        found = found_ahead(ahead_by(AHEAD_S))
    except (NotMeasurable, TrialError) as refused:
        pytest.skip(f"no time namespace here: {refused}")
    assert abs(found.ns - AHEAD_S * 10**9) <= found.bound_ns


def test_the_selftest_passes(tmp_path: Path) -> None:
    """A machine may refuse the time namespace, and never the control."""
    same, ahead = answers(1, 1, tmp_path)
    assert same.passed
    assert ahead.passed in (True, None)


def test_a_time_one_way_is_right_although_the_clocks_are_far_apart(tmp_path: Path) -> None:
    """The subscriber's clock is 5,000 s ahead of that of the publisher."""
    case = make_case(find_cell("zmq/minimal/fan_out.py"), "latency", placement=APART)
    window = Window(40, 5, interval_s=0.002, stamp_each=True)
    try:
        with (
            Far("a", LOOPBACK) as here,
            Far("b", LOOPBACK, lay=partial(Pipe, ahead_by(AHEAD_S))) as other,
            apart_on(Sites(here, (other,))),
        ):
            record = run_trial(case, window, tmp_path, random.Random(1))
            measured = latency.measure(case, record)
    except SiteLost as refused:
        pytest.skip(f"no time namespace here: {refused}")
    assert 0 < measured.value_s < 1
    assert 0 < measured.metadata[CLOCK_BOUND] == record.clock_bound_ns


def test_a_time_that_is_shorter_than_its_bound_is_no_result(tmp_path: Path) -> None:
    case = make_case(find_cell("zmq/minimal/fan_out.py"), "latency")
    window = Window(40, 5, interval_s=0.002, stamp_each=True)
    record = run_trial(case, window, tmp_path, random.Random(1))
    assert CLOCK_BOUND not in latency.measure(case, record).metadata
    record.clock_bound_ns = 10**9
    for quantity in (latency, throughput):
        with pytest.raises(TrialError, match="clocks of the hosts"):
            quantity.measure(case, record)
