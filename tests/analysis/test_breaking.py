"""A program that breaks in the middle of a run is not timed by the blocks it survived."""

import pytest
from once import run_made_once

from bench.analysis.comparisons import comparisons, declared_without_ratio
from bench.analysis.estimates import estimates
from bench.analysis.results import Run, load
from bench.report.build import derive
from bench.report.sections.content import sections
from bench.report.sections.tables import every_cell
from bench.run.declared import declarations

BROKEN = "http/minimal/request_reply.py"
REASON = """serve.0 ended before it was told to (exit status 0); its last words:
    Traceback of some length
    enough for today"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    how = {"breaking": {BROKEN: REASON}}
    return load(run_made_once(tmp_path_factory, "breaking run", **how))


def test_a_case_that_failed_in_one_block_has_no_estimate(run: Run) -> None:
    (case,) = (case.id for case in run.cases.values() if case.cell == BROKEN)
    assert len(run.trials[run.trials["case"] == case]) == 5
    assert BROKEN not in {row.case.cell for row in estimates(run)}


def test_a_case_that_failed_in_one_block_has_no_ratio(run: Run) -> None:
    compared = comparisons(run)
    assert len(compared)
    assert BROKEN not in {case.cell for pair in compared for case in (pair.a, pair.b)}


def test_the_report_names_a_declared_comparison_with_a_broken_program(run: Run) -> None:
    compared = comparisons(run)
    lacking = declared_without_ratio(run, compared)
    name, key = "request_reply.latency.64B.tcp.1_clients.shared", "http.minimal.python"
    assert lacking == [(name, "zmq.minimal.python", key)]
    assert set(lacking) < declarations(run.about)
    (read,) = (s for s in sections(derive(run, draw=False)) if s.id == "read")
    said = f"without a result: zmq.minimal.python and {key} in {name}."
    assert said in " ".join(read.bullets)


def test_the_row_of_a_broken_case_counts_failures_and_quotes_the_last_error(
    run: Run,
) -> None:
    rows = every_cell(derive(run, draw=False)).rows
    (row,) = (row for row in rows if BROKEN in row)
    said = " ".join(map(str, row))
    assert "broke in 1 of 6 blocks" in said
    assert "exit status 0" in said
    assert "enough for today" in said
    assert "us" not in said.split()
