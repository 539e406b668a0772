"""A pilot that a busy machine spoiled does not decide about a case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers_bench import find_cell, make_case

from bench.errors import NotMeasurable, TrialError
from bench.run import pilots
from bench.run.pilots import Pilot, make_pilot

CASE = make_case(find_cell("null/minimal/request_reply.py"))
Outcome = Pilot | Exception


def pilot(pace_s: float, window_s: float = 0.1) -> Pilot:
    return {"seconds_per_message": pace_s, "window_s": window_s}


def make(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *outcomes: Outcome) -> Pilot:
    """Make a pilot whose trials have these outcomes, one after the other, and no others."""
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


def test_a_short_pilot_counts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert make(monkeypatch, tmp_path, pilot(1e-5)) == pilot(1e-5)


def test_the_faster_of_two_pilots_counts_if_one_was_disturbed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disturbed = pilot(1e-3, window_s=2.0)
    assert make(monkeypatch, tmp_path, disturbed, pilot(1e-5)) == pilot(1e-5)


def test_a_failed_pilot_is_repeated_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lost = TrialError("the window broke the contract: 5 lost")
    assert make(monkeypatch, tmp_path, lost, pilot(1e-5)) == pilot(1e-5)
    with pytest.raises(TrialError):
        make(monkeypatch, tmp_path, lost, lost)


def test_the_median_of_three_pilots_sets_a_share_of_saturation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One that was too quick would have the cell asked for more than it can do."""
    left = iter([pilot(1e-5), pilot(9e-5), pilot(2e-5)])
    monkeypatch.setattr(pilots, "_pilot_once", lambda *_: next(left))
    loaded = replace(CASE, quantity="response", load="own_70")
    assert make_pilot(loaded, 1, tmp_path) == pilot(2e-5)
    assert not list(left)


def test_a_trial_that_the_machine_cannot_make_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(NotMeasurable):
        make(monkeypatch, tmp_path, NotMeasurable("no second CPU"))
