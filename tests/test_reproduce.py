"""A published run's claims, measured again: which agree, which do not, which are open."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import pytest
import synthetic
from helpers_bench import bench
from hypothesis import given
from hypothesis import strategies as st

from bench.claims import read_claims
from bench.contract import IMPLEMENTATIONS, Case
from bench.replan import needed_cases, plan_again
from bench.report.differences import differences
from bench.report.reproduction import Reproduction
from bench.reproduce import Finding, agreement, outcomes, read_side
from bench.stats import Interval, verdict

ROUND_TRIP = "request_reply.latency.64B.tcp.1_clients.shared"


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    """Return what a run may find: a verdict that belongs to its interval and noise."""
    low = draw(st.floats(0.2, 4.0))
    high = low * draw(st.floats(1.0, 2.0))
    noise = draw(st.floats(0.0, 0.5))
    said = verdict(Interval(math.sqrt(low * high), low, high, 0.95, 10), noise)
    return Finding(low, high, noise, said, 10)


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
def test_without_an_interval_nothing_can_be_told(found: Finding) -> None:
    none = Finding(math.nan, math.nan, 0.0, "inconclusive", 3)
    assert agreement(found, none).result == "cannot tell"
    assert "3 blocks here" in agreement(found, none).reason


def test_not_faster_contradicts_faster() -> None:
    faster = Finding(0.5, 0.6, 0.02, "faster", 10)
    around_one = Finding(1.0, 1.2, 0.02, "inconclusive", 10)
    wide = Finding(0.7, 1.2, 0.02, "inconclusive", 10)
    assert agreement(faster, around_one).result == "disagrees"
    assert agreement(faster, wide).result == "cannot tell"


def run(folder: Path, **how: object) -> Path:
    return synthetic.make(folder, profile="quick", **how)  # type: ignore[arg-type]


def half_as_fast(case: Case) -> float:
    """Return times of a machine on which sockets lost to ZeroMQ."""
    worse = 4.0 if case.cell.stack.name == "raw_socket" else 1.0
    return synthetic.usual_s(case) * worse


def results(published: Path, here: Path) -> dict[tuple[str, str, str], str]:
    return {
        (
            o.published["name"],
            o.published["key_a"],
            o.published["key_b"],
        ): o.agreement.result
        for o in outcomes(read_side(published), read_side(here))
    }


def test_the_same_machine_agrees_and_another_order_disagrees(tmp_path: Path) -> None:
    published = run(tmp_path / "published")
    assert set(results(published, run(tmp_path / "here")).values()) == {"agrees"}
    found = results(published, run(tmp_path / "other", seconds=half_as_fast))
    zmq, raw = "zmq.minimal.python", "raw_socket.minimal.python"
    assert found[ROUND_TRIP, zmq, raw] == "disagrees"
    assert found[ROUND_TRIP, zmq, "http.minimal.python"] == "agrees"


def test_a_cell_without_a_value_here_cannot_be_told_and_says_why(tmp_path: Path) -> None:
    failing = {"zmq/minimal/request_reply.py": "it lost its replies"}
    here = read_side(run(tmp_path / "here", failing=failing))
    found = outcomes(read_side(run(tmp_path / "published")), here)
    mine = [o for o in found if o.published["key_a"] == "zmq.minimal.python"]
    told = [o for o in mine if o.published["name"] == ROUND_TRIP]
    assert {o.agreement.result for o in told} == {"cannot tell"}
    assert all("it lost its replies" in o.agreement.reason for o in told)


def test_what_is_measured_again_is_what_claims_rest_on(tmp_path: Path) -> None:
    published = read_side(run(tmp_path / "run"))
    claims = [row for row in published.rows.values() if row["kind"] == "claim"]
    needed = needed_cases(published.about["cases"], claims)
    assert {row["variant"] for row in needed} <= {"minimal", "lossless"}
    assert any(row["twin"] for row in needed), "without a twin nothing would be faster"
    ids = {row["case"] for row in needed}
    assert {claim[f"case_{side}"] for claim in claims for side in "ab"} <= ids


def test_cells_that_are_gone_are_left_out_with_the_reason(tmp_path: Path) -> None:
    published = read_side(run(tmp_path / "run"))
    cells = [c for c in synthetic.cells_of() if c.stack.name != "http"]
    planned, left_out = plan_again(published.about["cases"], cells)
    assert planned
    assert all(entry.case.cell.stack.name != "http" for entry in planned)
    assert set(left_out.values()) == {"there is no such cell here"}


def test_only_what_differs_between_the_machines_is_listed() -> None:
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
def test_a_folder_that_is_no_whole_run_is_refused(spoil: str, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    if spoil != "missing":
        run(folder)
    if spoil == "unfinished":
        (folder / "SHA256SUMS").unlink()
    if spoil == "edited":
        path = folder / "zmq.minimal.json"
        path.write_text(path.read_text() + " ")
    ended = bench("reproduce", folder)
    assert ended.returncode == 1
    assert str(folder) in ended.stderr
    assert "Traceback" not in ended.stderr


def test_claims_are_measured_again_for_real(tmp_path: Path) -> None:
    """One workload over two stacks: everything else is the same, only more of it."""

    def few(case: Case) -> bool:
        minimal = case.cell.variant.name == "minimal"
        return minimal and case.cell.workload.name == "pipeline" and not case.cell.is_floor

    published = run(tmp_path / "published", keep=few, seconds=synthetic.usual_s)
    out = tmp_path / "again"
    ended = bench("reproduce", published, "--blocks", 6, "--out", out)
    assert ended.returncode in (0, 1), ended.stderr
    made = json.loads((out / "report/reproduction.json").read_text())
    assert sum(made["counts"].values()) == len(made["claims"]) == 3
    assert {claim["here"]["blocks_done"] for claim in made["claims"]} == {6}
    text = (out / "report/REPRODUCTION.md").read_text()
    assert "Pipeline throughput" in text
    again = Reproduction.of(read_side(published), read_side(out))
    assert again.counts == made["counts"]
    shutil.rmtree(out)


def test_the_project_s_claims_are_of_cells_that_exist() -> None:
    there = {
        cell.key
        for cell in synthetic.cells_of()
        if cell.path.is_relative_to(IMPLEMENTATIONS)
    }
    for _, first, second in read_claims():
        assert {first, second} <= there
