"""The selftests of failures fail where the harness is wrong, and only there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers_bench import find_cell
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from bench.faults.fault_trial import FaultTrial
from bench.measure.common import Measured
from bench.measure.levels import L0, L1, L2, faults_of
from bench.measure.outcome import Outcome
from bench.run.levels import Standing
from bench.selftest import levels, recovery_clock, side_by_side
from bench.selftest.suite import LONG, NAMES


def test_selftests_of_failures_are_found_by_name() -> None:
    assert {"recovery_clock", "levels", "side_by_side"} <= {*NAMES, *LONG}


# -- the clock -----------------------------------------------------------------------------


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_clock, "TRIALS", 1)
    monkeypatch.setattr(recovery_clock, "DOWN_S", (0.3,))


@pytest.mark.thorough
@pytest.mark.usefixtures("short")
def test_an_outage_without_end_is_counted_and_every_message_is_in_one_class(
    tmp_path: Path,
) -> None:
    _, endless, books = recovery_clock.answers(6, 1, tmp_path)
    assert endless.passed is True
    assert endless.measured.startswith("> 2.")
    assert books.passed is True


@pytest.mark.thorough
@pytest.mark.usefixtures("short")
def test_the_selftest_finds_a_late_clock(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kill = recovery_clock.killed

    def killed(trial: FaultTrial, down_s: float) -> None:
        kill(trial, down_s)
        trial.fault_ns += 50_000_000

    monkeypatch.setattr(recovery_clock, "killed", killed)
    known, *_ = recovery_clock.answers(6, 1, tmp_path)
    assert known.passed is False
    assert known.needs_quiet is False, "no other process makes an outage shorter"


# -- side by side --------------------------------------------------------------------------


def trial(outage_s: float, verdict: str = "kept", **counts: int) -> Measured:
    facts: dict[str, Any] = dict.fromkeys(side_by_side.CLASSES, 0)
    facts |= {"verdict": verdict, "interval_s": 0.02, "censored": 0, "delivered": 9}
    return Measured(outage_s, facts | counts)


Pair = tuple[Measured, Measured]


def pairs_of(*pairs: Pair) -> dict[str, list[Pair]]:
    return {"a case": list(pairs)}


SAME = (trial(0.6), trial(0.62))
LONGER = (trial(0.6), trial(0.66))


def test_the_selftest_finds_trials_with_another_outcome_beside_others() -> None:
    other = [
        (trial(0.6), trial(0.6, "reported", reported=1)),
        (trial(0.6), trial(0.6, "kept", died=1)),
    ]
    assert side_by_side._same(pairs_of(SAME, SAME), whole=True).passed is True
    assert side_by_side._same(pairs_of(SAME), whole=False).passed is False
    for pair in other:
        answer = side_by_side._same(pairs_of(SAME, pair), whole=True)
        assert answer.passed is False
        assert "1 of 2 pairs differ" in answer.measured
        assert side_by_side.came_to(pair[1]) in answer.measured


def test_the_selftest_finds_longer_outages_beside_other_trials_unless_they_are_few() -> (
    None
):
    longer, mostly_same = pairs_of(*[LONGER] * 20), pairs_of(*[SAME] * 15, *[LONGER] * 5)
    assert side_by_side._longer(longer, 0.0).passed is False
    assert side_by_side._longer(mostly_same, 0.0).passed is True
    control = side_by_side._longer(mostly_same, side_by_side.CONTROL_S)
    assert control.passed is True
    too_few = pairs_of(*[SAME] * 6)
    assert side_by_side._longer(too_few, side_by_side.CONTROL_S).passed is False


def test_outages_without_end_have_no_length_to_compare() -> None:
    endless = trial(8.0, "broken", censored=1)
    answer = side_by_side._longer(pairs_of(SAME, (endless, trial(9.0))), 0.0)
    assert "of 1 pairs" in answer.measured


@given(st.integers(0, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_p_value_equals_the_one_of_an_exact_sign_test(drawn: tuple[int, int]) -> None:
    longer, pairs = drawn
    if pairs:
        exact = binomtest(longer, pairs, alternative="greater").pvalue
        assert side_by_side.chance(longer, pairs) == pytest.approx(exact)


# -- levels --------------------------------------------------------------------------------

WELL = {
    "fault": "server_killed",
    "hopeless": 0,
    "settled": 1,
    "verdict": "kept",
    "against": "nothing",
    "raised": 0,
    "ended": 0,
    "attempted": 10,
    "delivered": 10,
    "orphaned": 0,
    "healed_s": 0.5,
}


@pytest.mark.parametrize(
    ("variant", "changed", "passed"),
    [
        ("resilient", {}, True),
        ("resilient", {"delivered": 9}, False),
        ("reconnecting", {"delivered": 9}, True),
        ("reconnecting", {"settled": 0}, False),
        ("minimal", {"settled": 0}, None),
    ],
)
def test_only_a_program_that_is_credited_with_a_level_must_reach_it(
    variant: str, changed: dict[str, int], passed: bool | None
) -> None:
    cell = find_cell(f"zmq/{variant}/request_reply.py")
    others = [WELL | {"fault": name} for name in faults_of(L2, cell.workload)[1:]]
    assert WELL["fault"] not in [outcome["fault"] for outcome in others]
    made = [Outcome.read(outcome) for outcome in (WELL | changed, *others)]
    answer = levels._answer(Standing(cell, made, {}))
    assert answer.passed is passed
    expected = L0 if not changed.get("settled", 1) else L1
    assert answer.measured.startswith(expected if changed else "L2")
