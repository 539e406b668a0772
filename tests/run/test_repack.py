"""An early run, kept in fewer bytes: the same values and the same samples."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.errors import ResultsError
from bench.run.archive import Archive
from bench.run.finished import verify
from bench.run.repack import repack
from bench.run.samples import SampleReader
from bench.run.suites import load_suite

CASES = ("request_reply.latency.zmq", "request_reply.recovery.zmq")
BLOCKS = 3


def samples_of(case: str, block: int) -> dict[str, Any]:
    numbers = np.random.default_rng(block).integers(40_000, 60_000, 500)
    if "recovery" not in case:
        return {"call.0": numbers}
    due = np.cumsum(numbers)
    state = np.arange(len(due)) % 4
    return {"call.0.due": due, "call.0.arrived": due + 7, "call.0.state": state}


@pytest.fixture
def early(tmp_path: Path) -> Path:
    """Write a run as early ones were: each trial's samples in a file, with its checksum."""
    folder = tmp_path / "early"
    archive = Archive.create(folder, {"started": "2026-01-01T00:00:00Z"})
    for case in CASES:
        for block in range(BLOCKS):
            path = folder / "samples" / f"{case}.b{block:02d}.npz"
            np.savez(path, allow_pickle=False, **samples_of(case, block))
            archive.add_run(
                "zmq.recovery" if "recovery" in case else "zmq",
                [1e-5 * (block + 1)],
                {
                    "name": case, "case": case, "block": block, "repeat": 0,
                    "samples": str(path.relative_to(folder)),
                    "samples_sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                },
            )  # fmt: skip
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder)}"
        for path in archive.raw_files()
    ]
    (folder / "SHA256SUMS").write_text("\n".join(lines) + "\n")
    verify(folder)
    return folder


def content(folder: Path) -> dict[tuple[str, int], tuple[Any, Any]]:
    """Return the values and the samples of each trial."""
    reader, found = SampleReader(folder), {}
    for path in Archive(folder).suite_paths():
        for benchmark in load_suite(path).get_benchmarks():
            for run in benchmark.get_runs():
                about = run.get_metadata()
                kept = {name: a.tolist() for name, a in reader.of(about).items()}
                found[about["case"], about["block"]] = run.values, kept
    return found


def test_a_repacked_run_has_the_same_values_and_samples_in_fewer_bytes(early: Path) -> None:
    before, size = content(early), sum(p.stat().st_size for p in early.rglob("*"))
    assert len(before) == len(CASES) * BLOCKS
    repack(early)
    verify(early)
    assert content(early) == before
    assert sum(p.stat().st_size for p in early.rglob("*")) < size / 2
    assert len(list((early / "samples").iterdir())) == len(CASES)


def test_a_run_of_today_stays_as_it_is(early: Path) -> None:
    repack(early)
    sums = (early / "SHA256SUMS").read_bytes()
    repack(early)
    assert (early / "SHA256SUMS").read_bytes() == sums


def test_a_changed_run_is_not_repacked(early: Path) -> None:
    path = early / "failures.json"
    path.write_text(json.dumps([{"case": "invented"}]))
    with pytest.raises(ResultsError, match="changed after the run"):
        repack(early)
    assert (early / "SHA256SUMS").exists()
