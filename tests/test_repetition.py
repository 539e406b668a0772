"""A block that the environment spoiled: which pass counts, and that both are published."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import synthetic

from bench import archive as archives
from bench.archive import Archive
from bench.comparisons import grade_of, noise
from bench.environment import BlockEnvironment
from bench.plan import Planned
from bench.report import build
from bench.results import Run, load
from bench.selftest.interop import answers_of

SPOILED = 2
QUIET = BlockEnvironment(0, 0, 0, 30.0, 0.0, 0.7, 0.01, 0.5, 0.0, 0.0)
STOLEN = replace(QUIET, steal_share=0.2)
SLOWER = 3.0
"""How much slower everything is in the first pass over the spoiled block."""


def run_with(folder: Path, monkeypatch: pytest.MonkeyPatch, **how: bool) -> Run:
    """Make a run whose block 3 was spoiled and repeated.

    ``again_spoiled``: the repetition was flagged as well; ``partly``: a trial is missing
    in it.
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
        sealed(archive)

    sealed = synthetic.FastArchive.seal
    monkeypatch.setattr(synthetic.FastArchive, "add", twice)
    monkeypatch.setattr(synthetic.FastArchive, "seal", seal)
    return load(synthetic.make(folder, keep=lambda case: not case.fault))


def value_ratio(run: Run, planned: Planned | None = None) -> float:
    """Return how slow the spoiled block is beside the others, in one case."""
    del planned
    case = str(run.cases["case"].iloc[0])
    values = run.values_s(case)
    return float(values[SPOILED] / values.drop(SPOILED).median())


def test_the_repetition_stands_for_a_spoiled_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path / "run", monkeypatch)
    assert run.replaced == [SPOILED]
    assert value_ratio(run) == pytest.approx(1, abs=0.1)
    assert value_ratio(run.first_pass()) == pytest.approx(SLOWER, abs=0.3)
    assert "0 % of the blocks" in grade_of(run, noise(run)).reasons[1]


@pytest.mark.parametrize("why", ["again_spoiled", "partly"])
def test_a_repetition_that_is_spoiled_or_not_whole_does_not_count(
    why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path / "run", monkeypatch, **{why: True})
    assert run.replaced == []
    assert value_ratio(run) == pytest.approx(SLOWER, abs=0.3)


def test_the_report_publishes_both_analyses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path / "run", monkeypatch)
    build([run.folder], tmp_path / "report")
    text = (tmp_path / "report/REPORT.md").read_text()
    assert "repeated whole: 3" in text
    assert "| claim | with the repetitions | as measured first |" in text


def test_the_selftest_of_pyperf_files_reads_a_run_with_a_repetition(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_with(tmp_path / "run", monkeypatch)
    passes = [
        {"trials": 18, "predicted_s": 6.0, "took_s": 7.0},
        {"trials": 3, "predicted_s": 1.0, "took_s": 1.5},
    ]
    Archive(run.folder).write(archives.TIMING, passes)
    *pyperf_reads, blocks, time = answers_of(run.folder, complete=True)
    assert all(answer.passed for answer in pyperf_reads)
    assert blocks.passed
    assert (time.injected, time.measured) == ("predicted 7.0 s", "8.5 s")
