"""A block that the environment spoiled: which pass counts, and that both are published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from words_of import build_words

from bench.analysis.comparisons import grade_of
from bench.analysis.copies import copies_of
from bench.analysis.results import Run, load
from bench.run import archive as archives
from bench.run.archive import Archive
from bench.run.environment import BlockEnvironment
from bench.run.plan import BLOCKS_MIN, Planned
from bench.selftest.interop import answers_of

SPOILED = 2
QUIET = BlockEnvironment(0, 0, 0, 30.0, 0.0, 0.7, 0.01, 0.5, 0.0, 0.0)
STOLEN = replace(QUIET, steal_share=0.2)
SLOWER = 3.0
"""How much slower everything is in the first pass over the spoiled block."""


def run_with(
    folder: Path, monkeypatch: pytest.MonkeyPatch, blocks: int | None = None, **how: bool
) -> Run:
    """Make a run whose block 3 was spoiled and repeated.

    ``again_spoiled``: the repetition was flagged as well. ``partly``: a trial is missing
    in it. ``again_failed``: the first case failed in it. ``fault_failed``: a trial with a
    fault, which has blocks of its own, failed under that block's number.
    """
    add = Archive.add

    def twice(archive: Archive, slot: synthetic.Slot, measured: synthetic.Measured) -> None:
        if slot.block != SPOILED:
            add(archive, slot, measured)
            return
        slow = replace(measured, value_s=measured.value_s * SLOWER)
        add(archive, slot, slow)
        missing = how.get("partly") and slot.planned.case.cell.stack.name == "zmq"
        if not missing:
            add(archive, replace(slot, repeat=1), measured)

    environment = [
        replace(STOLEN if block == SPOILED else QUIET, block=block) for block in range(6)
    ]
    again = STOLEN if how.get("again_spoiled") else QUIET
    environment.append(replace(again, block=SPOILED, repeat=1))

    def seal(archive: synthetic.FastArchive) -> None:
        archive.write(archives.ENVIRONMENT, [e.to_json() for e in environment])
        cases = archive.about()["cases"]
        failed = (
            [{"case": cases[0]["case"], "repeat": 1}] if how.get("again_failed") else []
        )
        if how.get("fault_failed"):
            case = next(row["case"] for row in cases if row["fault"])
            failed = [{"case": case, "repeat": 0}]
        rows = [{**row, "block": SPOILED, "reason": "it broke"} for row in failed]
        archive.write(archives.FAILURES, rows)
        sealed(archive)

    sealed = synthetic.FastArchive.seal
    monkeypatch.setattr(synthetic.FastArchive, "add", twice)
    monkeypatch.setattr(synthetic.FastArchive, "seal", seal)
    faults = ("", "server_killed") if how.get("fault_failed") else ("",)
    kept = lambda case: case.fault in faults  # noqa: E731
    return load(synthetic.make(folder, keep=kept, blocks=blocks))


def value_ratio(run: Run, planned: Planned | None = None) -> float:
    """Return how slow the spoiled block is beside the others, in one case."""
    del planned
    case = next(iter(run.cases))
    values = run.values_s(case)
    return float(values[SPOILED] / values.drop(SPOILED).median())


@pytest.mark.thorough
def test_the_repetition_replaces_a_flagged_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path / "run", monkeypatch)
    assert run.replaced == [SPOILED]
    assert value_ratio(run) == pytest.approx(1, abs=0.1)
    assert value_ratio(run.first_pass()) == pytest.approx(SLOWER, abs=0.3)
    assert "Nothing else disturbed" in grade_of(run, copies_of(run)).reasons[1]


@pytest.mark.parametrize("why", ["again_spoiled", "partly"])
def test_a_flagged_or_incomplete_repetition_does_not_count(
    why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path / "run", monkeypatch, **{why: True})
    assert run.replaced == []
    assert value_ratio(run) == pytest.approx(SLOWER, abs=0.3)


def test_a_failure_in_a_pass_that_does_not_count_leaves_its_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    how = {"again_spoiled": True, "again_failed": True}
    run = run_with(tmp_path / "run", monkeypatch, **how)
    assert len(run.failures) == 1
    assert run.refused == {}


def test_a_failure_in_the_pass_that_counts_refuses_its_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path / "run", monkeypatch, again_failed=True)
    assert run.replaced == [SPOILED]
    assert set(run.refused) == {failure.case for failure in run.failures}


def test_a_trial_with_a_fault_that_failed_keeps_no_repetition_from_counting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path / "run", monkeypatch, fault_failed=True)
    assert len(run.failures) == 1
    assert run.replaced == [SPOILED]


@pytest.mark.thorough
def test_the_report_publishes_both_analyses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path / "run", monkeypatch)
    text = (build_words([run.folder], tmp_path / "report") / "REPORT.md").read_text()
    assert "repeated whole: 3" in text
    assert "| declared comparison | with the repetitions | as measured first |" in text


def test_the_selftest_of_pyperf_files_reads_a_run_with_a_repetition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path / "run", monkeypatch, blocks=BLOCKS_MIN)
    passes = [
        {"trials": 18, "predicted_s": 6.0, "took_s": 7.0},
        {"trials": 3, "predicted_s": 1.0, "took_s": 1.5},
    ]
    Archive(run.folder).write(archives.TIMING, passes)
    *pyperf_reads, blocks, time = answers_of(run.folder, complete=True)
    assert all(answer.passed for answer in pyperf_reads)
    assert blocks.passed
    assert (time.injected, time.measured) == ("predicted 7.0 s", "8.5 s")
