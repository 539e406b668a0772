"""A trial in which nothing breaks is a control: no report counts it as survived."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import synthetic
from rich.console import Console

from bench.analysis.results import load
from bench.contract.model import Case
from bench.faults.all_faults import controls
from bench.report.build import derive
from bench.report.model import Data
from bench.report.pages.headline import survival
from bench.report.pages.side_by_side import survives
from bench.report.sections import failures

ONE_FAULT = "server_killed"


def tried(case: Case) -> bool:
    cell = case.cell
    mine = cell.stack.name == "zmq" and cell.workload.name == "request_reply"
    variant = cell.variant.name in ("minimal", "resilient")
    return mine and variant and case.fault in {ONE_FAULT, *controls()}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = tmp_path_factory.mktemp("controls") / "run"
    made = synthetic.make(folder, profile="full", blocks=3, keep=tried)
    return derive(load(made), draw=False)


def test_controls_are_measured_and_counted_with_no_fault(data: Data) -> None:
    assert {row.fault.name for row in data.recoveries} == {ONE_FAULT, *controls()}
    assert {row.faults for row in data.levels} == {1}
    said = survives(data).values()
    assert len(said) == 2
    assert all(each.endswith(" of 1 fault") for each in said)


def test_sums_of_faults_leave_controls_out(data: Data, tmp_path: Path) -> None:
    said = list(failures.summary(data))
    assert len(said) == 2
    assert all(" of 1, reports trouble" in variant for variant in said), said
    numbers = tmp_path / "numbers.json"
    numbers.write_text(json.dumps(data.entries))
    console = Console(width=120)
    with console.capture() as shown:
        console.print(survival(numbers))
    assert shown.get().count(" of 1") == 2
