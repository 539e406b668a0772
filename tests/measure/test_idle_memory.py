"""An idle connection's memory and CPU time are measured: servers of known cost tell."""

from __future__ import annotations

import random
import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from helpers_bench import find_cell, make_case, thorough_but

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.contract.rows import case_named
from bench.errors import NotMeasurable, TrialError
from bench.measure import held, idle_memory
from bench.measure.common import Sizing
from bench.measure.held import Use
from bench.run.pilots import make_pilot
from bench.run.plan import plan
from bench.run.profiles import PROFILES
from bench.run.sets import processes

COSTLY = Path(__file__).parents[1] / "cells" / "costly"
MIB = 1 << 20
PLANNED = {
    entry.case.cell.id: entry.case
    for entry in plan(PROFILES["full"], find_cells([IMPLEMENTATIONS]))
    if entry.case.quantity == "idle_memory"
}
QUICK = (
    "zmq/minimal/request_reply.py",
    "raw_socket/minimal/request_reply.py",
    "http/aiohttp_client/request_reply.py",
)


def costly(variant: str, connections: int) -> Case:
    cell = find_cell(f"costly/{variant}/request_reply.py", COSTLY)
    return make_case(cell, "idle_memory", instances=connections, placement="free")


def facts_of(case: Case, logs: Path) -> dict[str, Any]:
    measured = idle_memory.take(case, Sizing(1e-3), logs, random.Random(1))
    assert measured.metadata["delivered"] == idle_memory.MESSAGES
    assert measured.value_s > 0
    return measured.metadata


@pytest.mark.parametrize("connections", [10, 100])
def test_a_server_that_keeps_1_mib_for_a_connection_has_1_mib_for_each(
    connections: int, tmp_path: Path
) -> None:
    """Its threads, and the buffer from which the memory is made, come on top."""
    facts = facts_of(costly("hoarding", connections), tmp_path)
    assert MIB <= facts["serve_bytes_per_connection"] < 1.1 * MIB
    assert facts["call_bytes_per_connection"] < 0.1 * MIB


def test_a_server_that_only_waits_has_little_memory_and_no_cpu_time(
    tmp_path: Path,
) -> None:
    facts = facts_of(costly("greeting", 20), tmp_path)
    assert facts["serve_bytes_per_connection"] < 0.1 * MIB
    assert facts["serve_rest_cpu_ms_per_s"] < 2
    assert facts["serve_rest_wake_ups_per_s"] < 10


def test_cpu_time_and_wake_ups_of_a_server_that_works_unasked_are_found(
    tmp_path: Path,
) -> None:
    """It works 2 ms and pauses for 8 ms or longer, as its machine permits."""
    facts = facts_of(costly("waking", 5), tmp_path)
    woken, cpu_ms = facts["serve_rest_wake_ups_per_s"], facts["serve_rest_cpu_ms_per_s"]
    assert 1 < woken < 300
    assert cpu_ms > 2
    assert facts["call_rest_cpu_ms_per_s"] < cpu_ms


def test_a_server_that_hangs_up_on_the_idle_has_no_value_but_a_reason(
    tmp_path: Path,
) -> None:
    with pytest.raises(TrialError, match="closed the connection"):
        facts_of(costly("parting", 5), tmp_path)


def test_connections_are_of_one_process_which_a_pilot_times(tmp_path: Path) -> None:
    case = costly("greeting", 50)
    assert processes(case) == 2
    made = make_pilot(case, 1, tmp_path)
    assert made["seconds_per_message"] >= 0.02
    sizing = Sizing(made["seconds_per_message"])
    assert idle_memory.cost_s(case, sizing, made) > 50 * 0.02 + idle_memory.REST_S


@pytest.mark.parametrize("cell_id", thorough_but(QUICK, {name: name for name in PLANNED}))
def test_programs_hold_a_hundred_connections(cell_id: str, tmp_path: Path) -> None:
    facts = facts_of(replace(PLANNED[cell_id], instances=100, placement="free"), tmp_path)
    assert 0 < facts["serve_bytes_per_connection"] < MIB


@pytest.mark.thorough
@pytest.mark.parametrize("cell_id", PLANNED)
def test_programs_hold_a_thousand_connections(cell_id: str, tmp_path: Path) -> None:
    facts = facts_of(replace(PLANNED[cell_id], instances=1000, placement="free"), tmp_path)
    assert 0 < facts["serve_bytes_per_connection"] < MIB


def test_more_connections_than_a_process_may_have_files_name_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = lambda *_: (256, 1024)  # noqa: E731
    monkeypatch.setattr(resource, "prlimit", few)
    with pytest.raises(NotMeasurable) as said:
        facts_of(costly("greeting", 500), tmp_path)
    for words in ("need 1600 open files", "allows 1024", "raise the hard limit"):
        assert words in str(said.value)


def test_one_hundred_and_a_thousand_connections_are_planned() -> None:
    numbers = {
        name: {
            case_named(entry.case.name).instances
            for entry in plan(profile, find_cells([IMPLEMENTATIONS]))
            if entry.case.quantity == "idle_memory"
        }
        for name, profile in PROFILES.items()
    }
    every = {1, 100, 1000}
    assert numbers == {"quick": set(), "standard": set(), "full": every, "growth": every}


def test_use_a_second_is_of_the_time_between() -> None:
    before, after = Use(10.0, 0, 5_000_000, 7), Use(12.0, 0, 9_000_000, 27)
    assert after.per_second(before) == (2.0, 10.0)
    assert after.per_second(replace(before, wake_ups=30))[1] == 0  # a thread has ended


def test_memory_that_a_server_gave_back_is_no_negative_cost() -> None:
    case = costly("greeting", 2)
    before, after = Use(0.0, 100, 0, 0), Use(1.0, 50, 0, 0)
    found = held.memory(case, {"serve.0": before}, {"serve.0": after})
    assert found == {"serve_bytes_per_connection": 0}
