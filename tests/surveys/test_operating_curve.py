"""The operating curve counts what simulated runs of a known change give, and resumes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import synthetic
from click.testing import CliRunner
from helpers_bench import TIMEOUT_S, finish
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.results import load
from bench.analysis.rounds import ratio_of_blocks
from bench.analysis.stats import Verdict, verdict
from bench.cli.main import main
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, PROJECT, Case
from bench.errors import NotMeasurable, ResultsError, UsageError
from bench.report.pages import method
from bench.run.archive import SUMS
from bench.run.block import Block
from bench.run.manifest import about
from bench.run.no_value import Cause, NoValue
from bench.run.schedule import batches
from bench.surveys import document
from bench.surveys.operating_curve import make, tally
from bench.surveys.operating_curve.make import Series, make_runs, open_series
from bench.surveys.operating_curve.outcomes import joined, outcome, outcomes
from bench.surveys.operating_curve.series import (
    BETWEEN_RUNS,
    CHANGED,
    CHANGED_KEY,
    COPY,
    NEIGHBOURS,
    WORK,
    PlannedRun,
    case_of,
    copy_with,
    declared_pairs,
    planned_cases,
    planned_runs,
    programs,
)
from bench.surveys.operating_curve.slowed import Work
from bench.surveys.operating_curve.tally import Share

ROUNDS = 16
PROCESS_SD, WINDOW_SD = 0.01, 0.05
CELLS = programs(find_cells([IMPLEMENTATIONS]))
CASE_ID = case_of(CELLS[0]).id
CHANGED_CELL = next(cell for cell in CELLS if cell.id == CHANGED)
OPENING = {
    "seed": 1,
    "started": "2026-01-02T03:04:05+00:00",
    "machine": {
        **{"cpu": "A CPU", "cpus": [0, 1], "hypervisor": True},
        **{"host": "here", "kernel": "6.0"},
    },
}


def simulated(
    folder: Path,
    seed: int,
    speed: float = 1.0,
    slower: Mapping[str, float] | None = None,
    failing: str = "",
) -> Path:
    """Write a run of the series on a machine that is ``speed`` times as fast as another.

    ``slower`` are factors by which programs have become slower, by their keys.
    """
    more_of = {copy_with(more): more for more in WORK}

    def true_s(case: Case) -> float:
        became = (slower or {}).get(case.cell.key, 1.0)
        work = 1 + more_of.get(case.copy, 0) / 100
        return synthetic.usual_s(case) * became * work / speed

    planned = planned_cases(CELLS, dict.fromkeys(WORK, CHANGED_CELL))
    facts = about(planned, CELLS, make.PROFILE, seed)
    facts |= {"claims": declared_pairs(), "roots": []}
    archive = synthetic.FastArchive.create(folder, facts)
    rng = np.random.default_rng(seed)
    for batch in batches(planned, seed, declared=declared_pairs()):
        machine = rng.normal(0, 0.3, ROUNDS)
        for slot in batch.slots:
            noise = rng.normal(0, PROCESS_SD) + rng.normal(0, WINDOW_SD, ROUNDS)
            case = slot.planned.case
            values_s = true_s(case) * np.exp(machine + noise)
            if case.cell.key == failing and slot.block == 0 and not case.copy:
                archive.fail(case, slot.block, NoValue(Cause.FAILED, "the server ended"))
                continue
            made = synthetic.in_turns(case, values_s.tolist(), str(batch.block))
            archive.add(slot, made)
        rounds = synthetic.rounds_of(ROUNDS, len(batch.slots))
        archive.add_rounds(batch.slots, Block(str(batch.block), [], rounds))
    archive.write("environment.json", [])
    archive.seal()
    return folder


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulated(tmp_path_factory.mktemp("old") / "run", seed=1)


@pytest.fixture(scope="module")
def row(old: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The pair of two runs, of which the new one was on a machine half as fast."""
    new = simulated(tmp_path_factory.mktemp("new") / "run", seed=2, speed=0.5)
    return outcome(load(old), load(new))


def test_two_runs_of_one_revision_give_no_alarm_on_a_slower_machine(
    row: dict[str, Any],
) -> None:
    assert row["alarms"] == []
    assert {each["program"] for each in row["same"]} == {cell.key for cell in CELLS}
    assert all(each["ratio"] == pytest.approx(1, abs=0.03) for each in row["same"])


def test_more_work_is_found_in_the_run_that_has_it(row: dict[str, Any]) -> None:
    for more in BETWEEN_RUNS:
        found = row["changed"][str(more)]
        assert found["program"] == CHANGED_KEY != found["reference"]
        assert found["ratio"] == pytest.approx(1 + more / 100, rel=0.03)
    assert row["changed"]["20"]["verdict"] == Verdict.SLOWER


def test_copies_and_more_work_within_a_run_have_their_known_ratios(
    row: dict[str, Any],
) -> None:
    for run in row["within"].values():
        assert {each["program"] for each in run["copies"]} == {c.key for c in CELLS}
        assert all(each["ratio"] == pytest.approx(1, abs=0.03) for each in run["copies"])
        for more in WORK:
            ratio = run["work"][str(more)]["ratio"]
            assert ratio == pytest.approx(1 + more / 100, rel=0.03)
    width = [row["both"]["3"][end] for end in ("low", "high")]
    assert width[0] < 1.03 < width[1]
    assert row["both"]["3"]["confidence"] >= 0.95


def test_a_program_that_really_became_slower_is_an_alarm(old: Path, tmp_path: Path) -> None:
    new = simulated(tmp_path / "new", seed=3, slower={CHANGED_KEY: 1.3})
    found = outcome(load(old), load(new))
    assert found["alarms"] == [CHANGED_KEY]
    assert tally.curve([{**found, "busy": [False, False]}], [])[0].every == Share(1, 1)


def series_of(folder: Path) -> Series:
    return Series(folder, OPENING, CELLS, {})


def test_pairs_count_when_both_runs_are_there_and_have_every_value(tmp_path: Path) -> None:
    series = series_of(tmp_path)
    simulated(tmp_path / PlannedRun(0, False, False).name, seed=1)
    assert outcomes(series, 3).rows == []
    simulated(tmp_path / PlannedRun(0, True, False).name, seed=2, failing=CHANGED_KEY)
    found = outcomes(series, 3)
    assert (found.rows, found.joined) == ([], [])
    assert found.left_out[0].startswith("pair 1: ")
    assert "the server ended" in found.left_out[0]


def test_two_pairs_are_joined_to_one_of_runs_with_twice_the_blocks(
    old: Path, tmp_path: Path
) -> None:
    series = series_of(tmp_path)
    for number, run in enumerate(planned_runs(2, 1)):
        simulated(tmp_path / run.name, seed=10 + number)
    found = outcomes(series, 2)
    assert [row["pair"] for row in found.rows] == [1, 2]
    (both,) = found.joined
    assert both["pairs"] == [1, 2]
    narrow, wide = (row["changed"]["10"] for row in (both, found.rows[0]))
    assert narrow["high"] / narrow["low"] < wide["high"] / wide["low"]
    assert len(joined(load(old), load(old)).values_s(CASE_ID)) == 16


# -- the order of a series ---------------------------------------------------------------


@given(st.integers(1, 40), st.integers(0, 1000))
def test_each_run_is_in_one_pair_and_more_pairs_begin_with_the_same_runs(
    pairs: int, seed: int
) -> None:
    runs = planned_runs(pairs, seed)
    assert Counter((run.pair, run.is_new) for run in runs) == Counter(
        (pair, is_new) for pair in range(pairs) for is_new in (False, True)
    )
    assert len({run.name for run in runs}) == len(runs)
    whole = pairs - pairs % len(NEIGHBOURS)
    assert planned_runs(pairs + 7, seed)[: 2 * whole] == runs[: 2 * whole]


def test_half_of_the_pairs_have_a_neighbour_in_the_old_run_the_new_one_or_both() -> None:
    busy: dict[int, list[bool]] = {}
    for run in sorted(planned_runs(30, 1), key=lambda run: run.is_new):
        busy.setdefault(run.pair, []).append(run.busy)
    counted = Counter(map(tuple, busy.values()))
    assert counted == {
        (False, False): 15,
        (True, False): 5,
        (False, True): 5,
        (True, True): 5,
    }


def test_a_run_has_each_program_its_copy_and_each_amount_of_work_once() -> None:
    planned = planned_cases(CELLS, dict.fromkeys(WORK, CHANGED_CELL))
    cases = Counter((entry.case.cell.key, entry.case.copy) for entry in planned)
    assert set(cases.values()) == {1}
    assert len(cases) == 2 * len(CELLS) + len(WORK)
    assert {copy for key, copy in cases if key != CHANGED_KEY} == {0, COPY}


@given(st.floats(-0.02, 0.05), st.floats(1e-4, 1e-2), st.sampled_from(WORK))
def test_so_many_loops_cost_the_share_that_is_asked_for(
    fixed: float, loop: float, more: int
) -> None:
    share, loops = more / 100 + 0.05, 3000
    work = Work.measured(fixed + loops * loop, fixed + 300 * loop, loops)
    assert work.fixed == pytest.approx(fixed, abs=1e-9)
    assert fixed + work.loops(share) * loop == pytest.approx(share, abs=loop)
    assert work.loops(0) == 0


def test_work_that_takes_no_time_is_not_measurable() -> None:
    with pytest.raises(NotMeasurable, match="took no more time"):
        Work.measured(0.1, 0.2, 1000)


# -- counting ----------------------------------------------------------------------------


def judged(rng: np.random.Generator, ratio: float, sd: float, blocks: int = 8) -> Any:
    found = ratio_of_blocks(np.log(ratio) + rng.normal(0, sd, blocks))
    return {
        "program": CHANGED_KEY,
        "ratio": found.estimate,
        "low": found.low,
        "high": found.high,
        "confidence": found.confidence,
        "verdict": str(verdict(found)),
    }


def simulated_row(rng: np.random.Generator, sd: float, bias: float = 1.0) -> dict[str, Any]:
    """Return the row of a pair, whose intervals scatter; ``bias`` is between equals."""

    def work(blocks: int = 8) -> dict[str, Any]:
        return {str(m): judged(rng, 1 + m / 100, sd, blocks) for m in WORK}

    same = judged(rng, bias, sd)
    return {
        "busy": [False, bool(rng.random() < 0.5)],
        "alarms": [CHANGED_KEY] if same["verdict"] == Verdict.SLOWER else [],
        "same": [same],
        "changed": {str(m): judged(rng, 1 + m / 100, sd) for m in BETWEEN_RUNS},
        "within": {
            which: {"copies": [judged(rng, bias, sd) for _ in range(3)], "work": work()}
            for which in ("old", "new")
        },
        "both": work(2 * 8),
    }


def simulated_rows(sd: float, bias: float = 1.0) -> list[dict[str, Any]]:
    rng = np.random.default_rng(5)
    return [simulated_row(rng, sd, bias) for _ in range(60)]


def test_equals_are_hardly_ever_different_and_exclude_1_as_often_as_intervals_say() -> None:
    rows = simulated_rows(sd=0.03)
    assert tally.curve(rows, [])[0].every.found == 0
    assert tally.different(rows) == Share(0, 60 * 7)
    chance = tally.excluding(rows)
    assert chance.of == 60 * 7
    assert chance.least <= chance.found <= chance.most


def test_equals_that_differ_are_outside_the_range_of_chance() -> None:
    rows = simulated_rows(sd=0.03, bias=1.15)
    assert tally.curve(rows, [])[0].every.found > 50
    assert tally.different(rows).found > 350
    chance = tally.excluding(rows)
    assert chance.found > chance.most


def test_more_work_is_found_more_often_and_noise_hides_it() -> None:
    found = [step.every.found for step in tally.curve(simulated_rows(sd=0.03), [])]
    assert found == sorted(found)
    assert found[-1] == 60
    quiet, noisy = simulated_rows(sd=0.01), simulated_rows(sd=0.1)
    assert tally.found_by_run(quiet) == Share(120, 120)
    assert tally.found_by_run(noisy).found < 60
    assert tally.found_by_two(quiet) == Share(60, 60)
    assert tally.found_by_two(noisy).found < 30


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=30))
def test_pairs_alone_and_beside_a_neighbour_add_up(
    said: list[tuple[bool, bool, bool]],
) -> None:
    words = {True: Verdict.SLOWER, False: Verdict.INCONCLUSIVE}
    rows = [
        {
            "busy": [False, busy],
            "alarms": ["a"] if alarm else [],
            "changed": {str(m): {"verdict": words[found]} for m in BETWEEN_RUNS},
            "within": {},
        }
        for busy, alarm, found in said
    ]
    none, *more = tally.curve(rows, [])
    assert none.every == Share(sum(alarm for _, alarm, _ in said), len(said))
    for step in more:
        assert step.every.found == sum(found for *_, found in said)
    for step in (none, *more):
        assert step.alone.found + step.beside.found == step.every.found
        assert step.alone.of + step.beside.of == step.every.of


# -- the page ----------------------------------------------------------------------------


def page_with(tmp_path: Path, rows: list[dict[str, Any]]) -> tuple[Path, Path]:
    page, path = tmp_path / "method.md", tmp_path / tally.FILE
    page.write_text("before\n<!-- curve:begin -->\nold\n<!-- curve:end -->\nafter\n")
    joined_rows, left_out = rows[::2], ["pair 3: it ended"]
    rest = {"rows": rows, "joined": joined_rows, "left_out": left_out}
    document.write(path, {**OPENING, **rest})
    return page, path


def test_the_page_has_the_counts_of_the_document_with_their_intervals(
    tmp_path: Path,
) -> None:
    page, path = page_with(tmp_path, simulated_rows(sd=0.01))
    assert method.stale(page, path)
    method.update(page, path)
    assert not method.stale(page, path)
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("-->\nafter\n")
    assert "| none: a false alarm | the same time | 0 of 60 (0 to 6 %) |" in text
    assert "| identical programs are called faster or slower | 0 of 420 (0 to 1 %)" in text
    assert "A CPU, 2 CPUs, virtual" in text
    assert "a value is missing: 1 more pair." in text


def test_an_aim_that_was_missed_is_called_so(tmp_path: Path) -> None:
    page, path = page_with(tmp_path, simulated_rows(sd=0.1, bias=1.2))
    method.update(page, path)
    said = [line for line in page.read_text().splitlines() if line.startswith("| ")]
    aims = [line for line in said if "at least" in line or "at most" in line]
    assert len(aims) == 7
    assert all(line.endswith("| missed |") for line in aims)


def test_an_aim_is_reached_for_certain_only_by_the_whole_interval(tmp_path: Path) -> None:
    rows = simulated_rows(sd=0.01)
    page, path = page_with(tmp_path, rows)
    method.update(page, path)
    few = (
        "| `compare` gives a false alarm | 0 of 60 (0 to 6 %) | at most 5 % | reached, but"
    )
    assert few in page.read_text()
    page, path = page_with(tmp_path, 2 * rows)
    method.update(page, path)
    many = "| `compare` gives a false alarm | 0 of 120 (0 to 3 %) | at most 5 % | reached |"
    assert many in page.read_text()
    page, path = page_with(tmp_path, rows[:1])
    document.write(path, {**json.loads(path.read_text()), "joined": []})
    method.update(page, path)
    none = "16 blocks a run | \N{EN DASH} | at least 90 % | \N{EN DASH} |"
    assert none in page.read_text()


def test_a_page_without_markers_is_left_as_it_is(tmp_path: Path) -> None:
    page, path = page_with(tmp_path, simulated_rows(sd=0.01))
    page.write_text("no markers\n")
    with pytest.raises(UsageError, match="lacks the lines <!-- curve:begin -->"):
        method.update(page, path)
    assert page.read_text() == "no markers\n"


def test_a_damaged_document_names_the_command_that_makes_it_again(tmp_path: Path) -> None:
    path = tmp_path / tally.FILE
    path.write_text('{"rows": [{"busy": []}]}')
    with pytest.raises(ResultsError, match=r"is damaged.* operating-curve"):
        tally.read(path)


# -- begin, interrupt, resume ------------------------------------------------------------


def test_only_runs_that_are_not_complete_are_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def pretended(series: Series, run: PlannedRun, _: str) -> None:
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(run.name)
        folder = series.folder_of(run)
        folder.mkdir()
        (folder / SUMS).touch()

    monkeypatch.setattr(make, "_make", pretended)
    series = series_of(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        list(make_runs(series, 2))
    monkeypatch.setattr(make, "_make", lambda _, run, __: made.append(run.name))
    assert [run.name for run, _ in make_runs(series, 2)] == made[3:]
    assert made == [run.name for run in planned_runs(2, 1)]


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are not checked, and a round trip is not calibrated."""
    monkeypatch.setattr(make, "_check", lambda *_: None)
    work = {"fixed": 0.01, "loop": 0.0001}
    found = {"work": work, "pace_s": {cell.key: 1e-4 for cell in CELLS}}
    monkeypatch.setattr(make, "_calibrated", lambda *_: found)


@pytest.mark.usefixtures("unchecked")
def test_a_series_resumes_with_its_own_seed_alone(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    begun = open_series(folder, 1)
    again = open_series(folder, 1)
    assert again.opening == begun.opening
    assert {*again.slowed} == {*WORK}
    loops = [
        again.slowed[m].path.read_text().count(f"repeat(None, {100 * m - 100})")
        for m in WORK
    ]
    assert loops == [1] * len(WORK)
    with pytest.raises(ResultsError, match=r"another seed; name a new folder with --runs"):
        open_series(folder, 2)


@pytest.mark.usefixtures("unchecked")
def test_a_series_of_other_programs_or_harness_is_refused(tmp_path: Path) -> None:
    open_series(tmp_path / "runs", 1)
    path = tmp_path / "runs" / make.FILE
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "harness": "other", "programs": {}}))
    with pytest.raises(ResultsError, match="another harness and programs"):
        open_series(tmp_path / "runs", 1)
    machine = {**kept["machine"], "revision": "another one"}
    path.write_text(json.dumps({**kept, "machine": machine}))
    assert open_series(tmp_path / "runs", 1).opening["machine"] == machine
    path.write_text(json.dumps({**kept, "machine": {**machine, "cpu": "another one"}}))
    with pytest.raises(ResultsError, match="another machine"):
        open_series(tmp_path / "runs", 1)
    path.write_text("{")
    with pytest.raises(ResultsError, match="is damaged; remove"):
        open_series(tmp_path / "runs", 1)


@pytest.mark.usefixtures("unchecked")
def test_a_folder_of_something_else_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear reader")
    with pytest.raises(ResultsError, match=r"has no series\.json"):
        open_series(tmp_path, 1)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    "options", [["--pairs", "0"], ["--pairs", "many"], ["--seed", "x"], ["--work", "3"]]
)
def test_options_that_make_no_series_are_refused(options: list[str]) -> None:
    found = CliRunner().invoke(main, ["operating-curve", *options])
    assert found.exit_code == 2
    assert options[0] in found.output


SMALL = """
import sys
from bench.cli.main import main
from bench.surveys.operating_curve import series, slowed

series.BLOCKS = slowed.BLOCKS = 2
main(sys.argv[1:])
"""
"""The command with so few blocks that a run takes seconds, and has no interval."""


@pytest.mark.thorough
def test_an_interrupted_series_resumes_and_counts_its_pair(tmp_path: Path) -> None:
    words = ["operating-curve", "--pairs", "1", "--runs", tmp_path / "runs"]
    words += ["--out", tmp_path / "curve.json"]

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", SMALL, *map(str, words)],
            cwd=PROJECT,
            env={**os.environ, "NOMIDDLE_LOCK": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    process = start()
    ends = time.monotonic() + TIMEOUT_S
    while not list(tmp_path.glob(f"runs/*/{SUMS}")):
        assert process.poll() is None, finish(process)
        assert time.monotonic() < ends
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    stopped = finish(process)
    assert stopped.returncode == 1
    assert "To resume:" in stopped.stderr
    assert f"operating-curve --pairs 1 --seed 1 --runs {tmp_path}/runs" in stopped.stderr
    assert not (tmp_path / "curve.json").exists()
    (first,) = tmp_path.glob(f"runs/*/{SUMS}")
    made = first.stat().st_mtime_ns
    ended = finish(start())
    assert ended.returncode == 0, ended.stderr
    assert first.stat().st_mtime_ns == made
    found = tally.read(tmp_path / "curve.json")
    assert found is not None
    (row,) = found["rows"]
    assert row["both"]["3"]["low"] is None
    assert tally.excluding(found["rows"]).of == 0
