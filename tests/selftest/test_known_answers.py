"""Selftests of invented measurements: right ones pass, wrong ones fail, noise is no lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from bench.selftest import known_difference, overhead, twenty_runs
from bench.selftest.answers import KnownAnswer
from bench.trial.record import Window

BLOCKS = 20
QUIET, NOISY = 0.01, 0.4
"""Standard deviations of the values' logarithms."""


def values(factors: Mapping[str, float], spread: float, seed: int = 1) -> dict[str, list]:
    """Return invented seconds per message by name: a usual time, times a factor."""
    rng = np.random.default_rng(seed)
    return {
        name: list(2e-5 * factor * np.exp(rng.normal(0, spread, BLOCKS)))
        for name, factor in factors.items()
    }


def known(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spread: float, **factors: float
) -> list[KnownAnswer]:
    """Have ``known_difference`` answer to these factors."""
    made = values({"cell": 1.0, "copy": 1.0, "more": 1.1} | factors, spread)
    window = Window(100, warm_up=10)
    monkeypatch.setattr(known_difference, "windows", lambda *_: (window, window))
    monkeypatch.setattr(known_difference, "interleave", lambda *_: made)
    return known_difference.answers(BLOCKS, 1, tmp_path)


@pytest.mark.parametrize("spread", [QUIET, NOISY])
def test_a_tenth_more_work_that_is_measured_as_a_tenth_passes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spread: float
) -> None:
    assert all(answer.passed for answer in known(monkeypatch, tmp_path, spread))


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.04, 1.16])
def test_a_tenth_more_work_that_is_measured_as_another_ratio_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, factor: float
) -> None:
    same, more = known(monkeypatch, tmp_path, QUIET, more=factor)
    assert same.passed
    assert not more.passed


def test_two_equals_that_seem_to_differ_fail_the_selftest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert not known(monkeypatch, tmp_path, QUIET, copy=1.1)[0].passed


def twenty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, spread: float, **factors: float
) -> list[KnownAnswer]:
    """Have ``twenty_runs`` answer to these factors, drawn anew for each run."""
    wanted = {"cell": 1.0, "copy": 1.0, "more": 1.1} | factors
    window = Window(100, warm_up=10)
    monkeypatch.setattr(twenty_runs, "windows", lambda *_: (window, window))
    monkeypatch.setattr(
        twenty_runs, "interleave", lambda _, __, ___, seed: values(wanted, spread, seed)
    )
    return twenty_runs.answers(BLOCKS, 1, tmp_path)


def test_twenty_quiet_runs_find_the_added_work_and_no_other_difference(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert all(answer.passed for answer in twenty(monkeypatch, tmp_path, QUIET))
    same, _ = twenty(monkeypatch, tmp_path, QUIET, copy=1.1)
    assert not same.passed


def test_noise_excuses_a_missed_difference_but_no_wrong_verdict(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, hidden = twenty(monkeypatch, tmp_path, NOISY)
    assert (hidden.passed, hidden.needs_quiet) == (False, True)
    _, lying = twenty(monkeypatch, tmp_path, QUIET, more=1.0)
    assert (lying.passed, lying.needs_quiet) == (False, False)


@pytest.mark.parametrize(
    ("added_s", "passes"), [(0.0, True), (8e-7, True), (5e-6, False), (-5e-6, False)]
)
def test_a_harness_may_add_as_many_microseconds_on_two_cpus_as_on_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, added_s: float, passes: bool
) -> None:
    """A round trip of 20 us on one CPU, and of 80 us with a CPU each."""

    def interleave(_: str, measures: Mapping[str, object], *__: object) -> dict[str, list]:
        usual_s = {n: 8e-5 if " split " in n else 2e-5 for n in measures}
        more_s = {n: added_s * n.endswith("harness") for n in measures}
        factors = {n: (usual_s[n] + more_s[n]) / 2e-5 for n in measures}
        return values(factors, spread=0.001)

    pilot = SimpleNamespace(value_s=1e-4)
    monkeypatch.setattr(overhead, "run_trial", lambda *_: None)
    monkeypatch.setattr(overhead.throughput, "measure", lambda *_: pilot)
    monkeypatch.setattr(overhead, "interleave", interleave)
    found = [a for a in overhead.answers(BLOCKS, 1, tmp_path) if "list-fed" in a.question]
    gated = [a.passed for a in found if a.passed is not None]
    assert len(gated) == 4
    assert all(gated) == passes
