"""The simulated machines are as they say, and a wrong analysis would be found out."""

from __future__ import annotations

import math
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from bench.analysis.rounds import round_logs
from bench.analysis.stats import Interval, ratio
from bench.selftest import rotated_coverage
from bench.selftest.machine_noise import Machine, Schedule, Stays, windows

Floats = npt.NDArray[np.float64]
SCHEDULE = Schedule(blocks=8, rounds=24, cases=5, window_s=0.01, pause_s=2.0)
SILENT = Machine("silent", process_sd=0, window_sd=0, hit=0)


def drawn(machine: Machine, runs: int = 20) -> tuple[Floats, Floats]:
    return windows(np.random.default_rng(1), machine, SCHEDULE, runs)


@pytest.mark.thorough
def test_every_interval_covers_with_its_confidence_and_equals_are_equal(
    tmp_path: Path,
) -> None:
    found = rotated_coverage.answers(6, 1, tmp_path)
    assert [answer for answer in found if answer.passed is False] == []


def test_rounds_taken_for_blocks_would_be_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def pooled(a: Floats, b: Floats) -> Interval:
        return ratio(a.ravel(), b.ravel())

    monkeypatch.setattr(rotated_coverage, "SIMULATIONS", 300)
    monkeypatch.setattr(rotated_coverage, "rotated_ratio", pooled)
    (answer,) = islice(rotated_coverage._even(), 1, 2)
    assert answer.question == "interval of a ratio, 8 blocks of 16 rounds"
    assert answer.passed is False


def test_equals_that_differ_would_be_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def biased(a: Floats, b: Floats) -> Interval:
        return ratio(1.2 * np.median(a, axis=1), np.median(b, axis=1))

    monkeypatch.setattr(rotated_coverage, "rotated_ratio", biased)
    (answer,) = islice(rotated_coverage._equals(), 1)
    assert answer.passed is False


def test_states_last_as_long_as_they_say() -> None:
    times = np.arange(0, 200, 0.05)
    on = Stays(3.0, 6.0).draw(np.random.default_rng(2), times, runs=200)
    assert on.mean() == pytest.approx(1 / 3, rel=0.1)
    entered = (np.diff(on.astype(int), axis=1) == 1).sum()
    assert on.sum() * 0.05 / entered == pytest.approx(3.0, rel=0.1)


def test_a_machine_of_two_speeds_slows_both_alike_in_most_rounds() -> None:
    a, b = drawn(Machine("", 0, 0, 0, slow=math.log(2)))
    assert set(np.round(np.unique(a), 6)) == {1.0, 2.0}
    assert 0.9 < (a == b).mean() < 1


def test_drift_is_slow_and_the_trend_is_gained() -> None:
    a, b = drawn(Machine("", 0, 0, 0, drift_sd=0.2, trend=0.5), runs=200)
    assert np.abs(round_logs(a, b)).mean() < 0.01
    assert np.log(a[:, -1] / a[:, 0]).mean() == pytest.approx(0.5, abs=0.1)
    assert np.log(a[:, 0, 0]).std() == pytest.approx(0.2, rel=0.2)


def test_runs_of_the_same_time_meet_the_neighbour_together() -> None:
    machine = Machine("", 0, 0, 0, neighbour_a=0.5, neighbour=Stays(3.0, 3.0))
    rng = np.random.default_rng(4)
    together, _ = windows(rng, machine, SCHEDULE, 6, same_time=3)
    # Windows stand at other places of a round, so a round in which it comes may differ.
    assert (together[0] == together[2]).mean() > 0.9
    assert (together[0] == together[3]).mean() < 0.9


def test_programs_on_a_silent_machine_take_the_same_time() -> None:
    a, b = drawn(SILENT)
    assert a.shape == b.shape == (20, 8, 24)
    assert (a == b).all()
