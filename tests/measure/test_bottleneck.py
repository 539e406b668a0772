"""Which role a case is said to be bound by, and what a closed loop must add up to."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from helpers_bench import BROKEN, find_cell, make_case
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import NotMeasurable, TrialError
from bench.measure import throughput
from bench.measure.bottleneck import RoleLoad, bottleneck, loads
from bench.measure.closed_loop import assert_little, clients_by_little
from bench.trial.descendants import PROCESS, CpuTime
from bench.trial.placement import cpus_for
from bench.trial.record import TrialRecord, Window
from bench.trial.trial import run_trial

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
def test_on_separate_cpus_a_busy_role_is_the_bottleneck(
    call: RoleLoad, serve: RoleLoad, expected: str
) -> None:
    case = make_case(find_cell(CELL), placement="split")
    assert bottleneck(case, {"call": call, "serve": serve}) == expected


def test_two_half_busy_roles_make_their_shared_cpu_the_bottleneck() -> None:
    case = make_case(find_cell(CELL), placement="shared")
    assert bottleneck(case, {"call": HALF, "serve": HALF}) == "host"
    assert bottleneck(case, {"call": HALF, "serve": IDLE}) == "latency"
    assert bottleneck(case, {"call": FULL, "serve": IDLE}) == "call"


def test_roles_in_one_process_have_one_bottleneck() -> None:
    case = make_case(find_cell(CELL), transport="inproc")
    assert bottleneck(case, {"all_roles": FULL}) == "host"


def test_waiting_for_a_busy_cpu_counts_as_busy() -> None:
    case = make_case(find_cell(CELL))
    times = {PROCESS: CpuTime(600, 350), "7:python": CpuTime(600, 350)}
    record = TrialRecord({}, {"call.0": times}, {}, {}, 0.0, 0.0, 0.0)
    assert loads(case, record, 1e-6)["call"].thread == pytest.approx(0.95)


def test_the_bottleneck_of_a_trial_names_its_roles(tmp_path: Path) -> None:
    case = make_case(find_cell(CELL))
    trial = run_trial(case, Window(500, warm_up=20), tmp_path, random.Random(1))
    metadata = throughput.measure(case, trial).metadata
    assert metadata["bottleneck"] in ("call", "serve", "host", "latency")
    assert 0 < float(metadata["call_thread_share"]) < 1.5


def test_a_time_per_message_is_the_window_over_the_delivered_messages(
    tmp_path: Path,
) -> None:
    """Also where every hundredth is lost, and no stamp of the harness falls on the last."""
    case = make_case(find_cell("broken/careless/fan_out.py", BROKEN))
    window = replace(throughput.window(case, 1e-4), messages=555)
    measured = throughput.measure(case, run_trial(case, window, tmp_path, random.Random(1)))
    lost, delivered = (int(measured.metadata[name]) for name in ("lost", "delivered"))
    assert (lost > 0, lost + delivered) == (True, 2 * 555)
    assert measured.value_s == float(measured.metadata["window_s"]) / delivered


@given(
    st.integers(1, 8),
    st.integers(20, 60),
    st.floats(1e3, 1e6),
    st.floats(0.0, 1e5),
    st.integers(0, 1 << 16),
)
def test_little_s_law_gives_the_number_of_clients(
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
    assert clients_by_little(given_ns, arrived_ns) == pytest.approx(clients, rel=0.001)


def test_a_pause_between_turns_may_lie_at_an_end() -> None:
    turn = np.arange(40) * 1000
    first = np.concatenate([turn, turn + 10_000_000])
    second = first + 900_000  # its last turn begins when the first client has ended
    found = assert_little([first, second], [first + 800, second + 800])
    assert found == pytest.approx(1, rel=0.001)


def test_a_request_given_before_the_last_reply_is_found() -> None:
    given_ns = np.arange(100) * 1000
    with pytest.raises(TrialError, match="before it has yielded the last reply"):
        assert_little([given_ns], [given_ns + 1500])


def test_stamps_that_do_not_belong_together_are_found() -> None:
    given_ns = np.arange(100) * 1000
    assert assert_little([given_ns], [given_ns + 800]) == pytest.approx(1, abs=0.02)
    with pytest.raises(TrialError, match="do not belong together"):
        assert_little([given_ns], [given_ns * 2 + 800])


def test_clients_that_never_worked_together_are_found() -> None:
    early, late = np.arange(10) * 10, np.arange(10) * 10 + 1000
    with pytest.raises(TrialError, match="never worked at the same time"):
        assert_little([early, late], [early + 5, late + 5])
