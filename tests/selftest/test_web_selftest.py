"""The selftest of a web passes where counts are as known, and fails where one differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bench.contract.topology import topologies
from bench.selftest import web
from bench.surveys.topologies.survey import Row, Wanted


def known(wanted: Wanted) -> Row:
    """Return the row of a trial in which all is as it has to be."""
    row: dict[str, Any] = {"fault": wanted.fault, "joined_s": 0.4}
    if not wanted.topology.finds:
        values = web.expected(topologies()[web.NAME])[wanted.fault]
        row |= {measure: value for measure, (value, _) in values.items()}
    return row


def judged(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> list[bool | None]:
    def make(
        wanted: Sequence[Wanted], seed: int, keep: Callable[[Row], None], at_once: int
    ) -> None:
        del seed, at_once
        for each in wanted:
            keep(known(each) | changed)

    monkeypatch.setattr(web, "make", make)
    return [answer.passed for answer in web.answers(1, 1, Path())]


def test_known_counts_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(judged(monkeypatch))


@pytest.mark.parametrize(
    ("measure", "wrong"),
    [
        ("pairs_alive", 1.0),
        ("pairs_of_all", 0.95),
        ("news_lost", 0.1),
        ("news_doubled", 0.0),
        ("jobs_once", 1.0),
        ("joined_s", 1.5),
    ],
)
def test_a_wrong_count_fails(
    measure: str, wrong: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert False in judged(monkeypatch, **{measure: wrong})


def test_a_trial_without_a_value_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert False in judged(monkeypatch, error="not all pairs have met")
