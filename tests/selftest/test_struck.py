"""The selftest of struck programs passes in its ranges, and fails outside of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.selftest import struck
from bench.selftest.answers import KnownAnswer
from bench.surveys.topologies.survey import Row, Wanted

OUTSIDE = [("missed", 1.5), ("hurt", 3.0), ("told", True), ("survival", 0.5)]
OUTSIDE_OF_A_WEB = [
    ("pairs_alive", 0.5),
    ("news_once", 0.9),
    ("jobs_once", 0.7),
    ("doubled", 1),
    ("pairs_each_s", [1.0, 0.8]),
    ("chaos_pairs", 0.4),
    ("pairs_of_all", 0.1),
]


def known(wanted: Wanted) -> Row:
    """Return the row of a trial in which all is in the middle of its range."""
    topology = wanted.topology
    ranges = struck.KNOWN[topology.name](wanted.cell, topology)[wanted.fault]
    values: dict[str, Any] = {r.measure: (r.low + r.high) / 2 for r in ranges}
    if "pairs_each_s" in values:
        values["pairs_each_s"] = [0.0, values["pairs_each_s"]]
    places = ("topology", "clients", "key", "fault", "trial")
    return dict(zip(places, wanted.key, strict=True)) | values


def judged(
    monkeypatch: pytest.MonkeyPatch, changed: Mapping[str, Any]
) -> list[KnownAnswer]:
    def make(
        wanted: Sequence[Wanted], seed: int, keep: Callable[[Row], None], at_once: int
    ) -> None:
        del seed, at_once
        for each in wanted:
            keep(known(each) | changed)

    monkeypatch.setattr(struck, "make", make)
    return struck.answers(1, 1, Path())


def test_values_in_their_ranges_pass_and_need_a_quiet_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = judged(monkeypatch, {})
    assert len(found) > 30
    assert all(answer.passed and answer.needs_quiet for answer in found)


@pytest.mark.parametrize(("measure", "wrong"), [*OUTSIDE, *OUTSIDE_OF_A_WEB])
def test_each_answer_about_a_wrong_value_fails(
    measure: str, wrong: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = judged(monkeypatch, {measure: wrong})
    about = [a for a in found if a.question.startswith(f"{measure} of ")]
    assert about
    assert not any(answer.passed for answer in about)
    assert all(answer.passed for answer in found if answer not in about)


def test_a_trial_without_a_value_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    found = judged(monkeypatch, {"error": "not all pairs have met"})
    assert not any(answer.passed for answer in found)
