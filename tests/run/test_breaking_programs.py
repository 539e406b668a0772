"""Programs that pass their check and break in the window: no value, no ratio, the reason.

Real processes, each in its own way: one hangs, one refuses, one ends with status 0.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_bench import find_cell, make_case

import bench.trial.trial
from bench.analysis.results import load
from bench.contract.find import find_cells
from bench.report.build import derive
from bench.report.model import Data
from bench.report.sections.tables import every_cell
from bench.run import archive as archives
from bench.run.archive import Archive
from bench.run.manifest import about
from bench.run.plan import Planned
from bench.run.runner import Runner

BREAKING = Path(__file__).parents[1] / "cells" / "breaking"
SOUND = "zmq/minimal/request_reply.py"
REASONS = {
    "breaking/hanging/request_reply.py": ["a turn was not given within"],
    "breaking/refusing/request_reply.py": ["call.0 raised", "503: enough for today"],
    "breaking/leaving/request_reply.py": ["serve.0", "exit status 0", "served enough"],
}
PACE_S = {SOUND: 1e-4}
LONG_S = 1e-5
"""A pace by which a window has 20,000 messages, more than the others live for."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = tmp_path_factory.mktemp("breaking") / "run"
    cells = [*find_cells([BREAKING]), find_cell(SOUND)]
    cases = [make_case(cell, "latency") for cell in cells]
    planned = [Planned(case, 1) for case in cases]
    facts = {**about(planned, cells, "quick", 1), "roots": []}
    runner = Runner(Archive.create(folder, facts), planned, 1)
    runner.check()
    assert not runner.archive.failures, "it has to pass its check"
    pilots = {
        case.id: {
            "seconds_per_message": PACE_S.get(case.cell.id, LONG_S),
            "overhead_s": 1.0,
            "build_s_per_message": 0.0,
            "window_s": 0.1,
        }
        for case in cases
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bench.trial.trial, "WINDOW_S", 10.0)
        runner.measure(pilots, lambda _: {})
    runner.sizes()
    runner.archive.write(archives.TIMING, [])
    runner.archive.seal()
    return derive(load(folder), draw=False)


@pytest.mark.thorough
def test_a_program_that_breaks_in_the_window_has_no_value_and_no_ratio(data: Data) -> None:
    timed = {"absolute", "claim", "further", "alternative", "apart"}
    found = {cell for e in data.entries if e["kind"] in timed for cell in e["cells"]}
    assert found == {SOUND}


@pytest.mark.thorough
@pytest.mark.parametrize("cell", REASONS)
def test_its_row_has_the_reason_and_its_last_words(cell: str, data: Data) -> None:
    (row,) = (row for row in every_cell(data).rows if cell in row)
    said = " ".join(map(str, row))
    for words in REASONS[cell]:
        assert words in said
