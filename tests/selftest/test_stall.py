"""The selftest of the stall: it passes what is right, and what hides a stall fails."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench.contract.model import Case
from bench.hosts.open_loop import offsets_ns
from bench.measure.common import Sizing
from bench.measure.percentiles import summary
from bench.selftest import stall
from bench.trial.record import RoleRecord, Window

RATE_HZ = 2000.0
SERVICE_NS, THINK_NS, LAG_NS = 90_000, 9_000, 1_000
LATER_NS = 150_000_000
"""How much later a generator that waits for its server goes on with its schedule."""


def caller(window: Window, stall_ns: int, later_ns: int) -> RoleRecord:
    """Return what a cell in lock step leaves of a window with one stall."""
    assert window.rate_hz
    due_ns = np.array(offsets_ns(window.arrivals_seed, window.rate_hz, window.messages))
    due_ns[window.stall_at + 1 :] += later_ns
    record = RoleRecord("call.0", {}, intended_ns=due_ns)
    record.asked_ns, record.given_ns, record.arrived_ns = np.zeros((3, len(due_ns)), int)
    free_ns = 0
    for number, due in enumerate(due_ns):
        given_ns = max(due, free_ns) + LAG_NS
        arrived_ns = given_ns + SERVICE_NS + stall_ns * (number == window.stall_at)
        record.asked_ns[number] = free_ns
        record.given_ns[number] = given_ns
        record.arrived_ns[number] = arrived_ns
        free_ns = arrived_ns + THINK_NS
    return record


def answers(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    stall_ns: int = stall.STALL_NS,
    later_ns: int = 0,
    counted_from: str = "intended_ns",
) -> list[Any]:
    """Have one stack answer, whose trials are invented and whose open loop is broken."""
    windows: list[Window] = []

    def run_trial(_: Case, window: Window, *__: object) -> SimpleNamespace:
        windows.append(window)
        record = caller(window, stall_ns, later_ns) if window.rate_hz else None
        return SimpleNamespace(of=lambda _: [record])

    def measure(_: Case, trial: SimpleNamespace, __: Sizing) -> SimpleNamespace:
        (record,) = trial.of(None)
        response_ns = record.arrived_ns - getattr(record, counted_from)
        return SimpleNamespace(metadata=summary(response_ns))

    pilot = SimpleNamespace(value_s=stall.LOAD / RATE_HZ)
    closed = SimpleNamespace(metadata={"p99_ns": 100_000, "max_ns": stall.STALL_NS})
    monkeypatch.setattr(stall, "CELLS", "raw_socket/minimal/request_reply.py")
    monkeypatch.setattr(stall, "run_trial", run_trial)
    monkeypatch.setattr(stall.throughput, "measure", lambda *_: pilot)
    monkeypatch.setattr(stall.latency, "measure", lambda *_: closed)
    monkeypatch.setattr(stall.response, "measure", measure)
    found = stall.answers(6, 1, tmp_path)
    assert windows[1].stall_at == windows[1].messages // 2
    return found


def test_a_stall_measured_with_its_true_length_passes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert all(answer.passed for answer in answers(monkeypatch, tmp_path))


def test_times_from_the_moment_of_sending_hide_the_queue_and_fail(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    injected, seen, _ = answers(monkeypatch, tmp_path, counted_from="given_ns")
    assert injected.passed
    assert not seen.passed
    assert not seen.needs_quiet, "too little is never the machine's doing"


def test_a_generator_that_waits_for_its_server_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    injected, _, _ = answers(monkeypatch, tmp_path, later_ns=LATER_NS)
    assert not injected.passed
    assert not injected.needs_quiet


@pytest.mark.parametrize(("share", "excused"), [(0.9, False), (1.2, True)])
def test_a_stall_of_another_length_than_injected_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, share: float, excused: bool
) -> None:
    """One that overran may be the doing of a busy machine, one that fell short may not."""
    stalled_ns = int(share * stall.STALL_NS)
    injected, seen, _ = answers(monkeypatch, tmp_path, stall_ns=stalled_ns)
    assert not injected.passed
    assert injected.needs_quiet == excused
    assert seen.passed, "what was there is what was shown"
