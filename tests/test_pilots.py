"""A pilot that a busy machine spoiled does not decide about a case."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_bench import find_cell, make_case

from bench import pilots
from bench.errors import NotMeasurable, TrialError
from bench.pilots import Pilot, make_pilot

CASE = make_case(find_cell("null/minimal/request_reply.py"))
Outcome = Pilot | Exception


def pilot(pace_s: float, window_s: float = 0.1) -> Pilot:
    return {"seconds_per_message": pace_s, "window_s": window_s}


def make(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *outcomes: Outcome) -> Pilot:
    """Make a pilot whose trials come to these, one after the other, and to no others."""
    left = iter(outcomes)

    def once(*_: object) -> Pilot:
        outcome = next(left)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    monkeypatch.setattr(pilots, "_pilot_once", once)
    made = make_pilot(CASE, 1, tmp_path)
    assert not list(left)
    return made


def test_a_quick_one_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert make(monkeypatch, tmp_path, pilot(1e-5)) == pilot(1e-5)


def test_of_two_the_undisturbed_one_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disturbed = pilot(1e-3, window_s=2.0)
    assert make(monkeypatch, tmp_path, disturbed, pilot(1e-5)) == pilot(1e-5)


def test_one_that_failed_is_made_once_more_and_not_twice(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = TrialError("the window broke the contract: 5 lost")
    assert make(monkeypatch, tmp_path, lost, pilot(1e-5)) == pilot(1e-5)
    with pytest.raises(TrialError):
        make(monkeypatch, tmp_path, lost, lost)


def test_what_the_machine_lacks_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(NotMeasurable):
        make(monkeypatch, tmp_path, NotMeasurable("no second CPU"))
