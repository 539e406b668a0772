"""The harness measures nothing that it does not understand: direct calls, no transport.

Read this after ``test_conformance.py``. The null stack (``bench/contract/floor``)
implements the three workloads as plain calls on lists, in one thread. It goes through the
same harness as BSD sockets, HTTP and ZeroMQ: a host process, a stream of stamped messages,
a recorder, a tally, a value. So it measures the harness itself: the floor that
every speed chart shows. And since nothing in it can lose, double or delay a message,
every count is known beforehand.
"""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from helpers_bench import find_cell, hosts_of, make_case

from bench.contract.find import find_cells
from bench.contract.model import FLOOR
from bench.measure import latency, throughput
from bench.measure.common import WINDOW_S
from bench.trial.conformance import check
from bench.trial.trial import TrialRecord, Window, run_trial

CELLS = [cell.id for cell in find_cells([FLOOR])]
MESSAGES = 1000
MEASURES = {"latency": latency, "throughput": throughput}


def run_null(cell_id: str, quantity: str, folder: Path, messages: int) -> TrialRecord:
    case = make_case(find_cell(cell_id), quantity)
    window = Window(messages, warm_up=20, stamp_each=quantity == "latency")
    return run_trial(case, window, folder, random.Random(1))


def test_the_null_stack_has_all_three_workloads() -> None:
    assert {cell.workload.name for cell in find_cells([FLOOR])} == {
        "request_reply",
        "fan_out",
        "pipeline",
    }


@pytest.mark.parametrize("quantity", MEASURES)
@pytest.mark.parametrize("cell_id", CELLS)
def test_the_null_stack_delivers_and_counts_every_message(
    cell_id: str, quantity: str, tmp_path: Path
) -> None:
    case = make_case(find_cell(cell_id), quantity)
    trial = run_null(cell_id, quantity, tmp_path, MESSAGES)
    measured = MEASURES[quantity].measure(case, trial)
    counts = measured.metadata
    assert counts["given"] == counts["delivered"] == MESSAGES
    assert counts["lost"] == counts["duplicated"] == counts["reordered"] == 0
    assert measured.value_s > 0
    workload = case.cell.workload
    (consumer,) = trial.of(workload.consumer)
    assert consumer.heads is not None
    assert consumer.heads["sequence"].tolist() == list(range(MESSAGES))
    assert set(consumer.heads["epoch"].tolist()) == {1}


@pytest.mark.parametrize("cell_id", CELLS)
def test_every_latency_sample_is_kept_and_the_value_is_their_median(
    cell_id: str, tmp_path: Path
) -> None:
    case = make_case(find_cell(cell_id), "latency")
    measured = latency.measure(case, run_null(cell_id, "latency", tmp_path, MESSAGES))
    samples = np.concatenate(list(measured.samples.values()))
    assert len(samples) == measured.metadata["n"] == MESSAGES
    assert (samples > 0).all()
    assert measured.value_s == pytest.approx(np.median(samples) / 1e9, rel=0.05)


@pytest.mark.parametrize("cell_id", CELLS)
def test_throughput_is_the_window_over_the_messages_in_it(
    cell_id: str, tmp_path: Path
) -> None:
    case = make_case(find_cell(cell_id), "throughput")
    trial = run_null(cell_id, "throughput", tmp_path, MESSAGES)
    measured = throughput.measure(case, trial)
    window_s = measured.metadata["window_s"]
    assert isinstance(window_s, float)
    assert measured.value_s == pytest.approx(window_s / MESSAGES)


@pytest.mark.parametrize("cell_id", CELLS)
def test_a_pilot_ends_by_its_limit_and_counts_the_given_messages(
    cell_id: str, tmp_path: Path
) -> None:
    case = make_case(find_cell(cell_id), "throughput")
    window = Window(200_000, warm_up=10, limit_s=0.001)
    trial = run_trial(case, window, tmp_path, random.Random(1))
    measured = throughput.measure(case, trial)
    given, delivered = measured.metadata["given"], measured.metadata["delivered"]
    assert isinstance(given, int)
    assert 0 < given < 200_000
    assert given == delivered


@pytest.mark.parametrize("cell_id", CELLS)
def test_the_length_of_a_window_follows_from_its_pilot(cell_id: str) -> None:
    case = make_case(find_cell(cell_id), "throughput")
    fast, slow = (throughput.window(case, pace_s) for pace_s in (1e-5, 1e-3))
    assert fast.messages == pytest.approx(WINDOW_S / 1e-5, abs=1)
    assert slow.messages == pytest.approx(WINDOW_S / 1e-3, abs=1)


@pytest.mark.thorough
@pytest.mark.parametrize("cell_id", CELLS)
def test_the_null_stack_keeps_the_contract_too(cell_id: str, tmp_path: Path) -> None:
    assert check(find_cell(cell_id), "direct", tmp_path).reason == ""


def test_a_trial_leaves_no_process_and_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "temporary"
    own.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    run_null(CELLS[0], "throughput", tmp_path / "logs", MESSAGES)
    assert not hosts_of(os.getpid())
    assert not list(own.iterdir())
