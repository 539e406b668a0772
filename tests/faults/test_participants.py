"""A fault names roles in general, and finds the same part in each workload."""

from __future__ import annotations

import pytest
from helpers_bench import find_cell

from bench.faults import schedule
from bench.faults.fault import Setup
from bench.faults.participants import BINDING, NEWCOMER, REPEATED, Participants
from bench.faults.schedule import LEAD_NS, Schedule

PARTS = {
    "request_reply": ("serve.0", "serve.0", "call.2"),
    "fan_out": ("publish.0", None, "subscribe.2"),
    "pipeline": ("distribute.0", "work.0", None),
}
"""Roles that bind, that handle messages, and that may come late, of three peers each."""


def participants(workload: str, **setup: object) -> Participants:
    cell = find_cell(f"raw_socket/minimal/{workload}.py")
    return Participants(cell, Setup(instances=3, **setup))  # type: ignore[arg-type]


@pytest.mark.parametrize("workload", PARTS)
def test_each_workload_has_the_parts_that_faults_name(workload: str) -> None:
    binder, handler, newcomer = PARTS[workload]
    found = participants(workload)
    assert found.binder == binder
    assert handler is None or found.handler == handler
    assert found.newcomer == newcomer
    assert len(found.repeated) == 3
    assert [*found.named([BINDING])] == [binder]
    assert [*found.named([REPEATED])] == found.repeated
    assert [*found.named([NEWCOMER])] == ([newcomer] if newcomer else [])
    assert found.late == set()


def test_an_extra_participant_is_late_and_no_part_of_the_service() -> None:
    found = participants("request_reply", extra=(BINDING,), late=(NEWCOMER,))
    assert found.extra == "serve.1"
    assert found.late == {"serve.1", "call.2"}
    assert "serve.1" not in found.service
    assert set(found) == {*found.service, "serve.1"}


def test_an_extra_driver_needs_room_in_the_ledgers() -> None:
    assert participants("request_reply").senders == 3
    assert participants("request_reply", extra=(REPEATED,)).senders == 4


def test_messages_are_due_one_by_one_from_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_ns = 1_000
    monkeypatch.setattr(schedule.time, "perf_counter_ns", lambda: now_ns)
    grid = Schedule(rate_hz=50.0)
    assert not grid.has_begun
    grid.begin()
    assert grid.has_begun
    assert grid.next_due() == 0, "the first one is due in a moment"
    now_ns = grid.start_ns + 1
    assert grid.next_due() == 1
    now_ns = grid.start_ns + 3 * grid.interval_ns + 1
    assert grid.next_due() == 4
    assert grid.stop_after(2) == 6, "two more than the four that were due"
    assert grid.stop_ns == grid.start_ns + 5 * grid.interval_ns
    assert grid.start_ns == 1_000 + LEAD_NS
