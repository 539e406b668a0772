"""A published run's comparisons, measured again: which agree, which not, which are open."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import synthetic
from helpers_bench import bench
from hypothesis import given
from hypothesis import strategies as st

from bench.analysis.agreement import Finding, agreement
from bench.analysis.reproduction import needed_cases, plan_again
from bench.analysis.side import read_side
from bench.analysis.stats import Interval, Verdict, verdict
from bench.analysis.two_runs import Outcome, TwoRuns, counts
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.report.sections.differences import differences
from bench.run.declared import read_declared

ROUND_TRIP = "request_reply.latency.64B.tcp.1_clients.shared"


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """Return what a run may find: a verdict that belongs to its interval."""
    low = draw(st.floats(0.2, 4.0))
    high = low * draw(st.floats(1.0, 2.0))
    said = verdict(Interval(math.sqrt(low * high), low, high, 0.95, 10))
    return Finding(low, high, said, 10)


@given(findings(), findings())
def test_the_rule_treats_both_runs_alike(one: Finding, other: Finding) -> None:
    assert agreement(one, other).result == agreement(other, one).result


@given(findings())
def test_a_run_agrees_with_itself(found: Finding) -> None:
    assert agreement(found, found).result == "agrees"


@given(findings(), findings())
def test_contrary_verdicts_never_agree_and_equal_ones_never_disagree(
    one: Finding, other: Finding
) -> None:
    result = agreement(one, other).result
    if one.verdict == other.verdict:
        assert result != "disagrees"
    elif one.decided and other.decided:
        assert result == "disagrees"
    else:
        assert result != "agrees"


@given(findings())
def test_without_an_interval_two_runs_neither_agree_nor_disagree(found: Finding) -> None:
    none = Finding(math.nan, math.nan, Verdict.INCONCLUSIVE, 3)
    assert agreement(found, none).result == "cannot tell"
    assert "3 blocks here" in agreement(found, none).reason


def test_not_faster_contradicts_faster() -> None:
    faster = Finding(0.5, 0.6, Verdict.FASTER, 10)
    around_one = Finding(1.0, 1.2, Verdict.INCONCLUSIVE, 10)
    wide = Finding(0.7, 1.2, Verdict.INCONCLUSIVE, 10)
    assert agreement(faster, around_one).result == "disagrees"
    assert agreement(faster, wide).result == "cannot tell"


@given(findings(), findings())
def test_a_verdict_that_copies_put_in_doubt_neither_agrees_nor_disagrees(
    one: Finding, other: Finding
) -> None:
    doubtful = replace(one, in_doubt=True)
    assert agreement(doubtful, other).result == "cannot tell"
    assert "A/A copies here differ" in agreement(other, doubtful).reason


def run(folder: Path, **how: object) -> Path:
    return synthetic.make(folder, profile="quick", **how)  # type: ignore[arg-type]


def half_as_fast(case: Case) -> float:
    """Return times of a machine on which sockets lost to ZeroMQ."""
    worse = 4.0 if case.cell.stack.name == "raw_socket" else 1.0
    return synthetic.usual_s(case) * worse


def outcomes(published: Path, here: Path) -> list[Outcome]:
    return TwoRuns(here=read_side(here), there=read_side(published)).declared


def results(published: Path, here: Path) -> dict[tuple[str, str, str], str]:
    found = outcomes(published, here)
    return {outcome.there.identity: outcome.agreement.result for outcome in found}


@pytest.mark.thorough
def test_the_same_machine_agrees_and_another_order_disagrees(tmp_path: Path) -> None:
    published = run(tmp_path / "published")
    assert set(results(published, run(tmp_path / "here")).values()) == {"agrees"}
    found = results(published, run(tmp_path / "other", seconds=half_as_fast))
    zmq, raw = "zmq.minimal.python", "raw_socket.minimal.python"
    assert found[ROUND_TRIP, zmq, raw] == "disagrees"
    assert found[ROUND_TRIP, zmq, "http.minimal.python"] == "agrees"


@pytest.mark.thorough
def test_a_program_without_a_value_here_has_no_agreement_and_a_reason(
    tmp_path: Path,
) -> None:
    failing = {"zmq/minimal/request_reply.py": "it lost its replies"}
    here = run(tmp_path / "here", failing=failing)
    found = outcomes(run(tmp_path / "published"), here)
    mine = [o for o in found if o.there.a.key == "zmq.minimal.python"]
    told = [o for o in mine if o.there.a.name == ROUND_TRIP]
    assert {o.agreement.result for o in told} == {"cannot tell"}
    assert all("it lost its replies" in o.agreement.reason for o in told)


def test_only_cases_of_declared_comparisons_are_measured_again(tmp_path: Path) -> None:
    published = read_side(run(tmp_path / "run"))
    declared = [case for pair in published.declared for case in (pair.a, pair.b)]
    needed = needed_cases(published.about["cases"], published.declared)
    assert {row["variant"] for row in needed} == {case.variant for case in declared}
    assert any(row["twin"] for row in needed), "without an A/A copy nothing is checked"
    ids = {row["case"] for row in needed}
    assert {case.id for case in declared} <= ids


def test_programs_that_no_longer_exist_are_left_out_with_the_reason(tmp_path: Path) -> None:
    published = read_side(run(tmp_path / "run"))
    cells = [c for c in synthetic.cells_of() if c.stack.name != "http"]
    planned, left_out = plan_again(published.about["cases"], cells)
    assert planned
    assert all(entry.case.cell.stack.name != "http" for entry in planned)
    assert set(left_out.values()) == {"there is no such program here"}


def test_only_differences_between_the_machines_are_listed() -> None:
    one: dict[str, Any] = {
        "machine": {"cpu": "A", "kernel": "6.1", "versions": {"pyzmq": "27"}}
    }
    other: dict[str, Any] = {
        "machine": {"cpu": "B", "kernel": "6.1", "versions": {"pyzmq": "27"}}
    }
    for about in (one, other):
        about["cells"] = {}
        about["stacks"] = {"zmq": {"requirements": ["pyzmq"]}}
    facts = {difference.fact for difference in differences(one, other, [])}
    assert "cpu" in " ".join(facts).lower()
    assert not any("kernel" in fact or "pyzmq" in fact for fact in facts)


@pytest.mark.thorough
def test_two_runs_are_compared_without_measuring(tmp_path: Path) -> None:
    published = run(tmp_path / "published")
    ended = bench("reproduce", published, "--with", run(tmp_path / "here"))
    assert ended.returncode == 0, ended.stderr
    assert "agrees" in ended.stdout
    other = run(tmp_path / "other", seconds=half_as_fast)
    ended = bench("reproduce", published, "--with", other)
    assert ended.returncode == 1
    assert "disagrees" in ended.stdout
    ended = bench("reproduce", published, "--with", other, "--blocks", 10)
    assert ended.returncode == 1
    assert "leave out --blocks" in ended.stderr


@pytest.mark.parametrize("spoil", ["missing", "unfinished", "edited"])
def test_a_folder_without_a_complete_run_is_refused(spoil: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    if spoil != "missing":
        run(folder)
    if spoil == "unfinished":
        (folder / "SHA256SUMS").unlink()
    if spoil == "edited":
        path = folder / "code.json.gz"
        path.write_bytes(path.read_bytes() + b" ")
    ended = bench("reproduce", folder)
    assert ended.returncode == 1
    assert str(folder) in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.thorough
def test_reproduce_measures_the_declared_comparisons_again(tmp_path: Path) -> None:
    """One workload over two stacks: everything else is the same, only more of it."""

    def few(case: Case) -> bool:
        sockets = {"request_reply.latency": ("zmq", "raw_socket")}
        quantity = f"{case.cell.workload.name}.{case.quantity}"
        minimal = case.cell.key.endswith(".minimal.python")
        return minimal and case.cell.stack.name in sockets.get(quantity, ())

    published = run(tmp_path / "published", keep=few, seconds=synthetic.usual_s)
    out = tmp_path / "again"
    ended = bench("reproduce", published, "--blocks", 8, "--out", out)
    assert ended.returncode in (0, 1), ended.stderr
    made = json.loads((out / "report/reproduction.json").read_text())
    assert sum(made["counts"].values()) == len(made["declared"]) == 1
    assert {pair["here"]["blocks_done"] for pair in made["declared"]} == {8}
    text = (out / "report/REPRODUCTION.md").read_text()
    assert "Request/reply round trip" in text
    assert counts(outcomes(published, out)) == made["counts"]
    shutil.rmtree(out)


def test_the_project_s_declared_comparisons_name_programs_that_exist() -> None:
    there = {
        cell.key
        for cell in synthetic.cells_of()
        if cell.path.is_relative_to(IMPLEMENTATIONS)
    }
    for _, first, second in read_declared():
        assert {first, second} <= there
