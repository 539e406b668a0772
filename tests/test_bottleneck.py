"""Which role a case is said to be bound by, and what a closed loop must add up to."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from helpers_bench import find_cell, make_case
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import NotMeasurable, TrialError
from bench.measure import throughput
from bench.measure.bottleneck import RoleLoad, bottleneck, loads
from bench.measure.closed_loop import assert_little, clients_by_little
from bench.placement import cpus_for
from bench.processes import PROCESS, CpuTime
from bench.records import TrialRecord, Window
from bench.trial import run_trial

CELL = "zmq/minimal/request_reply.py"
FULL, HALF, IDLE = RoleLoad(0.98, 0.98), RoleLoad(0.5, 0.5), RoleLoad(0.1, 0.1)


def two_cpus() -> bool:
    try:
        cpus_for("split", drives=True)
    except NotMeasurable:
        return False
    return True


needs_two = pytest.mark.skipif(not two_cpus(), reason="split needs two CPUs")


@needs_two
@pytest.mark.parametrize(
    ("call", "serve", "expected"),
    [
        (FULL, IDLE, "call"),
        (IDLE, FULL, "serve"),
        (FULL, FULL, "host"),
        (HALF, HALF, "latency"),
        (RoleLoad(0.97, 0.5), HALF, "call"),
        (IDLE, RoleLoad(0.4, 0.96), "serve"),
    ],
)
def test_on_separate_cpus_a_full_role_is_the_limit(
    call: RoleLoad, serve: RoleLoad, expected: str
) -> None:
    case = make_case(find_cell(CELL), placement="split")
    assert bottleneck(case, {"call": call, "serve": serve}) == expected


def test_two_halves_fill_one_cpu() -> None:
    case = make_case(find_cell(CELL), placement="shared")
    assert bottleneck(case, {"call": HALF, "serve": HALF}) == "host"
    assert bottleneck(case, {"call": HALF, "serve": IDLE}) == "latency"
    assert bottleneck(case, {"call": FULL, "serve": IDLE}) == "call"


def test_roles_in_one_process_are_not_told_apart() -> None:
    case = make_case(find_cell(CELL), transport="inproc")
    assert bottleneck(case, {"all_roles": FULL}) == "host"


def test_who_waits_for_a_cpu_that_others_have_is_at_work() -> None:
    case = make_case(find_cell(CELL))
    times = {PROCESS: CpuTime(600, 350), "7:python": CpuTime(600, 350)}
    record = TrialRecord({}, {"call.0": times}, {}, {}, 0.0, 0.0, 0.0)
    assert loads(case, record, 1e-6)["call"].thread == pytest.approx(0.95)


def test_a_trial_s_label_is_of_its_roles(tmp_path: Path) -> None:
    case = make_case(find_cell(CELL))
    trial = run_trial(case, Window(500, warm_up=20), tmp_path, random.Random(1))
    metadata = throughput.measure(case, trial).metadata
    assert metadata["bottleneck"] in ("call", "serve", "host", "latency")
    assert 0 < float(metadata["call_thread_share"]) < 1.5


@given(
    st.integers(1, 8),
    st.integers(20, 60),
    st.floats(1e3, 1e6),
    st.floats(0.0, 1e5),
    st.integers(0, 1 << 16),
)
def test_clients_by_little_s_law_are_those_there_are(
    clients: int, requests: int, response_ns: float, think_ns: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    given_ns, arrived_ns = [], []
    for _ in range(clients):
        took = rng.uniform(0.5, 1.5, requests) * response_ns
        thought = rng.uniform(0.5, 1.5, requests) * think_ns
        starts = np.cumsum(took + thought) - took
        given_ns.append(starts.astype(np.int64))
        arrived_ns.append((starts + took).astype(np.int64))
    found, resolution = clients_by_little(given_ns, arrived_ns)
    assert abs(found / clients - 1) <= 0.02 + 2 * resolution


def test_stamps_that_do_not_belong_together_are_found() -> None:
    given_ns = np.arange(100) * 1000
    assert assert_little([given_ns], [given_ns + 800]) == pytest.approx(1, abs=0.02)
    with pytest.raises(TrialError, match="do not belong together"):
        assert_little([given_ns], [given_ns * 2 + 800])


def test_clients_that_never_worked_together_are_found() -> None:
    early, late = np.arange(10) * 10, np.arange(10) * 10 + 1000
    with pytest.raises(TrialError, match="never at work together"):
        assert_little([early, late], [early + 5, late + 5])
