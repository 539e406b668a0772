"""A/A copies check a run: which fail, when the run does, and what each of them checks."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import synthetic
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.compared_rows import Check, Copy, Ratio
from bench.analysis.copies import (
    ERROR,
    beside,
    check,
    checked,
    copies_of,
    excluding,
    failed,
    most_by_chance,
)
from bench.analysis.results import load
from bench.analysis.short_windows import SHORT_S, short_windows
from bench.analysis.stats import Interval
from bench.contract.rows import CaseRow

CASE = CaseRow(
    workload="pipeline",
    quantity="throughput",
    placement="shared",
    size_bytes=64,
    transport="tcp",
    stack="zmq",
)
EMPTY = Interval(1.0, 0.0, math.inf, 1.0, 3)


def interval(low: float, high: float) -> Interval:
    return Interval(math.sqrt(low * high), low, high, 0.95, 16)


def copy(found: Interval, said: Check, case: CaseRow = CASE) -> Copy:
    times = Ratio(found, found, 1.0, 1.0, 0, 0.5, 0.5)
    return Copy(replace(case, copy=1), case, times, said)


@pytest.mark.parametrize(
    ("low", "high", "p", "expected"),
    [
        (0.99, 1.01, 0.9, Check.PASSED),
        (0.99, 1.20, 0.9, Check.COARSE),
        (1.002, 1.01, 0.04, Check.PASSED),  # among several copies this is chance
        (1.002, 1.01, 0.005, Check.FAILED),
        (1.06, 1.20, 0.04, Check.FAILED),  # copies are never so far apart by chance
        (0.80, 0.94, 0.04, Check.FAILED),
        (1.01, 1.20, 0.04, Check.COARSE),
        (1.01, 1.20, 0.005, Check.FAILED),
    ],
)
def test_a_copy_fails_if_it_surely_differs_or_differs_by_more_than_the_margin(
    low: float, high: float, p: float, expected: Check
) -> None:
    assert check(interval(low, high), p) == expected


@given(st.lists(st.floats(0.001, 0.2), min_size=1, max_size=30))
def test_chance_exceeds_the_limit_in_at_most_one_of_a_hundred_runs(
    chances: list[float],
) -> None:
    most = most_by_chance(chances)
    drawn = np.random.default_rng(3).random((20_000, len(chances))) < chances
    counts = drawn.sum(axis=1)
    assert (counts > most).mean() <= ERROR + 0.003
    assert most == 0 or (counts > most - 1).mean() >= ERROR - 0.003


def test_too_many_copies_that_exclude_1_fail_all_ratios_of_a_run() -> None:
    other = replace(CASE, workload="fan_out")
    near = [copy(interval(1.001, 1.02), Check.PASSED, other) for _ in range(3)]
    far = [copy(interval(0.99, 1.01), Check.PASSED) for _ in range(3)]
    assert excluding(near + far).most == 2
    assert checked(near + far, CASE) == Check.FAILED
    assert failed(near + far, CASE) == tuple(near)
    fewer = near[1:] + far
    assert not excluding(fewer).too_many
    assert checked(fewer, CASE) == Check.PASSED


def test_a_copy_checks_its_own_stack_or_all_where_a_stack_has_none() -> None:
    zmq = copy(interval(0.99, 1.01), Check.PASSED)
    sockets = copy(interval(1.1, 1.2), Check.FAILED, replace(CASE, stack="raw_socket"))
    http = replace(CASE, stack="http")
    assert beside([zmq, sockets], CASE, http) == [zmq]
    assert checked([zmq, sockets], CASE, http) == Check.PASSED
    assert checked([zmq, sockets], CASE, sockets.b) == Check.FAILED
    assert checked([zmq, sockets], http, replace(http, variant="other")) == Check.FAILED


@pytest.mark.parametrize(
    "change",
    [
        {"placement": "split"}, {"quantity": "latency"}, {"size_bytes": 1024},
        {"workload": "fan_out"}, {"transport": "ipc"},
    ],
)  # fmt: skip
def test_a_copy_checks_no_other_case(change: dict[str, str]) -> None:
    found = [copy(interval(1.1, 1.2), Check.FAILED)]
    assert checked(found, replace(CASE, **change)) == Check.NONE  # type: ignore[arg-type]


def test_copies_without_an_interval_check_nothing() -> None:
    found = [copy(EMPTY, Check.NONE)]
    assert checked(found, CASE) == Check.NONE
    assert excluding(found) == excluding([])


def test_copies_of_a_run_are_paired_with_their_originals(tmp_path: Path) -> None:
    found = copies_of(load(synthetic.make(tmp_path / "run", blocks=10)))
    assert found
    assert {one.check for one in found} == {Check.PASSED}
    assert all(one.a.original_id == one.b.id for one in found)
    few = copies_of(load(synthetic.make(tmp_path / "few", blocks=3)))
    assert {one.check for one in few} == {Check.NONE}


def test_windows_are_short_where_all_messages_take_little_time(
    tmp_path: Path,
) -> None:
    run = load(synthetic.make(tmp_path / "run", blocks=3))
    found = short_windows(run)
    assert found
    for case, seconds in found.items():  # an invented window has 1,000 messages
        assert seconds == pytest.approx(1000 * run.values_s(case.id).median(), rel=0.05)
        assert case.quantity == "throughput"
    assert all(seconds < SHORT_S for seconds in found.values())
