"""The second opinion agrees with what is published, and notices what is not so."""

from __future__ import annotations

import json
import math
import random
import shutil
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recompute
import synthetic
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis import stats
from bench.analysis.results import load
from bench.contract.model import PROJECT
from bench.measure.percentiles import quantile
from bench.report.build import derive
from bench.run import archive
from bench.run.environment import BlockEnvironment
from bench.run.finished import latest_run

REPORTS = PROJECT / "reports"
PROGRAM = PROJECT / "tests" / "recompute.py"
Entry = dict[str, Any]


def run_over(reports: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, PROGRAM, reports],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return recompute.read(REPORTS / "numbers.json")


@pytest.fixture(scope="module")
def raw(entries: list[Entry]) -> recompute.Run:
    run = next(entry["run"] for entry in entries if entry["kind"] == "absolute")
    return recompute.Run(REPORTS / "data" / run)


@pytest.mark.thorough
def test_every_published_number_follows_from_the_raw_files() -> None:
    ended = run_over(REPORTS)
    assert "\n0 differences in " in f"\n{ended.stdout}", ended.stdout
    assert (ended.returncode, ended.stderr) == (0, "")


def test_no_kind_of_estimate_is_left_out(entries: list[Entry], raw: recompute.Run) -> None:
    _, compared, left = recompute.opinion(entries, raw)
    assert {"claim", "further", "alternative", "absolute", "recovery"} <= set(compared)
    assert set(left) <= set(recompute.NOT_HERE)
    assert compared.total() + left.total() == len(entries)


def test_the_independent_program_imports_nothing_of_the_harness() -> None:
    text = PROGRAM.read_text(encoding="utf-8")
    assert "import bench" not in text
    assert "from bench" not in text


ESTIMATED = ("claim", "further", "alternative", "language", "absolute", "recovery")
FIELDS = ("value", "ci_low", "ci_high", "confidence", "blocks")
FORGED = [*product(ESTIMATED, FIELDS), *product(("size", "total", "weight"), ("value",))]


@pytest.mark.parametrize(("kind", "field"), FORGED)
def test_a_changed_digit_is_found(
    kind: str, field: str, entries: list[Entry], raw: recompute.Run
) -> None:
    mine = [e for e in entries if e["kind"] == kind and e[field]]
    victim = random.Random(f"{kind} {field}").choice(mine)
    forged = {**victim, field: float(f"{victim[field] * 1.00002:.6g}")}
    told = [forged if entry is victim else entry for entry in entries]
    (wrong,), _, _ = recompute.opinion(told, raw)
    assert victim["id"] in wrong
    assert f"{field} is " in wrong


@pytest.mark.parametrize(
    "kind", ["claim", "absolute", "recovery", "size", "total", "weight"]
)
def test_a_missing_number_is_found(
    kind: str, entries: list[Entry], raw: recompute.Run
) -> None:
    victim = next(entry for entry in entries if entry["kind"] == kind)
    wrong, _, _ = recompute.opinion([e for e in entries if e is not victim], raw)
    assert wrong == [f"{victim['id']}: listed 0 times"]


def test_a_number_without_raw_data_is_found_and_so_is_a_duplicate(
    entries: list[Entry], raw: recompute.Run
) -> None:
    made_up = {**entries[0], "id": f"{entries[0]['id']}x"}
    assert recompute.opinion([*entries, made_up], raw)[0] == [
        f"{made_up['id']}: nothing in the raw files makes it"
    ]
    absolute = next(entry for entry in entries if entry["kind"] == "absolute")
    assert recompute.opinion([*entries, absolute], raw)[0] == [
        f"{absolute['id']}: listed 2 times"
    ]


def test_a_changed_verdict_is_found(entries: list[Entry], raw: recompute.Run) -> None:
    victim = next(entry for entry in entries if entry["verdict"] == "faster")
    told = [{**e, "verdict": "slower"} if e is victim else e for e in entries]
    assert recompute.opinion(told, raw)[0] == [
        f"{victim['id']}: verdict is slower, recomputed faster"
    ]


def test_both_programs_read_the_samples_of_a_run_of_today(tmp_path: Path) -> None:
    """Percentiles, and how many messages of a recovery did not arrive."""
    folder = synthetic.make(
        tmp_path / "run",
        keep=lambda case: (
            case.cell.workload.name == "request_reply"
            and case.cell.variant.name == "minimal"
            and (not case.fault or case.fault == "server_killed")
        ),
    )
    quiet = BlockEnvironment(0, 0, 0, 30.0, 0.0, 0.7, 0.01, 0.5, 0.0, 0.0)
    archived = archive.Archive(folder)
    archived.write(archive.ENVIRONMENT, [quiet.to_json()])
    archived.write(archive.WEIGHTS, {})
    archived.seal()
    made = json.loads(json.dumps(derive(load(folder), draw=False).entries))
    wrong, compared, _ = recompute.opinion(made, recompute.Run(folder))
    assert wrong == []
    assert compared["absolute"] > 10
    assert compared["recovery"] > 10


def test_changed_samples_are_found(tmp_path: Path, entries: list[Entry]) -> None:
    shutil.copytree(REPORTS / "data", tmp_path / "data")
    (tmp_path / "numbers.json").write_text(json.dumps(entries), encoding="utf-8")
    leading = latest_run(tmp_path / "data")
    victim = min((leading / "samples").glob("*.npz"))
    victim.write_bytes(victim.read_bytes()[::-1])
    ended = run_over(tmp_path)
    assert ended.returncode == 1
    assert "is not what the trial wrote" in ended.stderr


POSITIVE = st.floats(1e-9, 1e9)
LEVELS = st.sampled_from([0.9, 0.95])


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=1, max_size=15))
def test_two_programs_find_the_same_ratio(pairs: list[tuple[float, float]]) -> None:
    a, b = zip(*pairs, strict=True)
    theirs = stats.ratio(a, b)
    logs = [math.log(top) - math.log(bottom) for top, bottom in pairs]
    estimate, low, high, level, blocks = recompute.ratio(logs)
    assert math.isclose(estimate, theirs.estimate, rel_tol=1e-12)
    assert blocks == theirs.blocks
    assert math.isnan(level) == theirs.too_few_blocks
    if not theirs.too_few_blocks:
        assert math.isclose(low, theirs.low, rel_tol=1e-12)
        assert math.isclose(high, theirs.high, rel_tol=1e-12)
        assert math.isclose(level, theirs.confidence, rel_tol=1e-12)


@given(st.lists(POSITIVE, min_size=1, max_size=20), LEVELS)
def test_two_programs_find_the_same_median(values: list[float], level: float) -> None:
    theirs = stats.median_interval(values, level)
    estimate, low, high, covered, _ = recompute.median(values, level)
    assert estimate == theirs.estimate
    if not theirs.too_few_blocks:
        assert (low, high) == (theirs.low, theirs.high)
        assert math.isclose(covered, theirs.confidence, rel_tol=1e-12)


@pytest.mark.thorough
def test_a_program_that_broke_in_a_block_has_no_number_to_recompute(tmp_path: Path) -> None:
    """The report refuses it, so that its absence is no difference; its trials are there."""
    broken = "http/minimal/request_reply.py"
    folder = synthetic.make(
        tmp_path / "run",
        breaking={broken: "enough for today"},
        keep=lambda case: case.cell.workload.name == "request_reply" and not case.fault,
    )
    quiet = BlockEnvironment(0, 0, 0, 30.0, 0.0, 0.7, 0.01, 0.5, 0.0, 0.0)
    (folder / archive.ENVIRONMENT).write_text(json.dumps([quiet.to_json()]))
    made = recompute.Run(folder)
    (case,) = made.resultless
    assert made.trials[case]
    assert case not in dict(made.absolutes())
    name, theirs = case.split(".http.")
    others = [c for c in made.trials if c.startswith(f"{name}.zmq.") and "twin" not in c]
    for other in others:
        key = other.removeprefix(f"{name}.")
        assert made.compared(name, key, f"http.{theirs}") == (None, None)


@pytest.mark.parametrize(("name", "least"), [("p90", 100), ("p99", 1000), ("p999", 10000)])
def test_a_percentile_needs_ten_samples_beyond_it(
    name: str, least: int, raw: recompute.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = {"lost": 0, "given": 1}
    for samples in (least - 1, least):
        stored = {"request.0": np.arange(1, samples + 1)}
        monkeypatch.setattr(raw, "samples", lambda _, stored=stored: stored)
        found = {n: rest for n, *rest in raw.columns("latency", [trial])}
        published = name in found and all(found[name][1:])
        assert published == (samples == least)


@given(st.lists(st.integers(0, 10**12), min_size=1), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_two_programs_find_the_same_percentile(samples: list[int], share: float) -> None:
    assert recompute.percentile(samples, share) == quantile(samples, share)
