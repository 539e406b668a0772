"""Trials in which nothing breaks, peers in a crash loop, and refusals by ICMP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers_bench import find_cell

from bench.faults.all_faults import all_faults
from bench.faults.breach import Breach, BreachKind, read
from bench.faults.catalogue.flapping import LIVES
from bench.measure.levels import GUARANTEED
from bench.measure.recovery import BROKEN, KEPT
from bench.run.levels import standings, trials_of
from bench.run.no_value import Cause
from bench.selftest import controls


def outcome_of(cell_id: str, fault: str, logs: Path) -> dict[str, Any]:
    """Put one cell to one fault, and return what its trial came to."""
    (standing,) = standings(trials_of([find_cell(cell_id)], (fault,)), logs, 1)
    for reason in standing.unmeasured.values():
        if reason.cause == Cause.NOT_PERMITTED:
            pytest.skip(str(reason))
        pytest.fail(str(reason))
    (outcome,) = standing.made
    return dict(outcome)


@pytest.mark.thorough
@pytest.mark.parametrize("workload", ["request_reply", "fan_out", "pipeline"])
def test_a_control_keeps_the_contract(
    workload: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`nomiddle selftest controls` asks for punctual messages too, on a quiet machine."""
    monkeypatch.setattr(controls, "CELLS", (f"zmq/minimal/{workload}.py",))
    assert set(controls.CONTROLS) == {"nothing", "link_cut_0s"}
    found = controls.answers(1, 1, tmp_path)
    assert found
    for answer in found:
        assert answer.measured.startswith(f"{KEPT}, ")
        assert answer.passed or answer.needs_quiet


def test_controls_decide_no_level() -> None:
    assert not {*controls.CONTROLS} & {*GUARANTEED}


@pytest.mark.thorough
def test_a_refusal_by_icmp_ends_processes_on_libzmq_and_the_trial_reports_it(
    tmp_path: Path,
) -> None:
    outcome = outcome_of("zmq/minimal/request_reply.py", "link_refused", tmp_path)
    assert outcome["verdict"] == BROKEN
    crashed = Breach(BreachKind.CRASHED, detail="call.0 was ended by SIGABRT")
    assert crashed in read(outcome["against"])


def test_a_refusal_by_icmp_is_an_error_on_sockets(tmp_path: Path) -> None:
    outcome = outcome_of("raw_socket/minimal/request_reply.py", "link_refused", tmp_path)
    assert BreachKind.CRASHED not in {found.kind for found in read(outcome["against"])}
    assert outcome["raised"]


@pytest.mark.parametrize("peer", ["client", "subscriber", "worker"])
def test_each_workload_has_a_peer_in_a_crash_loop(peer: str) -> None:
    fault = all_faults()[f"{peer}_flapping"]
    assert str(LIVES) in fault.title
    assert fault.name in GUARANTEED


@pytest.mark.thorough
def test_a_task_of_a_crashing_worker_is_lost_if_no_program_keeps_it(
    tmp_path: Path,
) -> None:
    """Its lives are real: tasks that it was given are gone with them."""
    outcome = outcome_of("zmq/minimal/pipeline.py", "worker_flapping", tmp_path)
    assert outcome["verdict"] == BROKEN
    assert outcome["silent"] >= LIVES // 4
