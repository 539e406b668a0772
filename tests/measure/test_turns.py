"""Turns: which messages are a ramp, and when each turn began and ended."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers_bench import find_cell, make_case
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.contract.model import Case
from bench.errors import TrialError
from bench.measure import latency, throughput
from bench.measure.common import BYTES_IN_TURNS_MAX, bytes_per_message
from bench.measure.turns import (
    RAMP_MESSAGES,
    RAMP_NS,
    REMAIN_MIN,
    after_ramps,
    ramp,
    spans,
    stamped,
    windows,
)
from bench.trial.record import HEADS, RoleRecord, TrialRecord

MS = 1_000_000
paces_ns = st.integers(1_000, 5 * MS)


def evenly(messages: int, pace_ns: int) -> NDArray[np.int64]:
    return np.arange(messages, dtype=np.int64) * pace_ns


@given(st.integers(2, 2000), paces_ns)
def test_a_ramp_leaves_enough_messages(messages: int, pace_ns: int) -> None:
    found = ramp(evenly(messages, pace_ns))
    assert 0 < found < messages
    assert found <= RAMP_MESSAGES or messages - found >= REMAIN_MIN


@pytest.mark.parametrize(
    ("messages", "pace_ns", "expected"),
    [
        (200, 50_000, 40),  # 2 ms
        (40, 2 * MS, 5),  # five messages take longer
        (40, 250_000, 8),  # 2 ms, and 32 remain
        (36, 250_000, 5),  # of 2 ms too few would remain
        (3, MS, 2),
    ],
)
def test_a_ramp_is_two_milliseconds_or_five_messages(
    messages: int, pace_ns: int, expected: int
) -> None:
    assert ramp(evenly(messages, pace_ns)) == expected


def test_each_turn_has_its_own_ramp() -> None:
    pause_ns = 1000 * MS
    given_ns = np.concatenate([evenly(100, 100_000), pause_ns + evenly(100, 200_000)])
    counts = after_ramps(given_ns, 100)
    assert counts.tolist() == [n >= 20 for n in range(100)] + [n >= 10 for n in range(100)]
    assert RAMP_NS == 2 * MS


@given(st.integers(1, 5), st.integers(1, 200))
def test_the_last_message_of_each_turn_is_stamped(turns: int, turn: int) -> None:
    found = stamped(turns * turn, turn).tolist()
    assert found[0] == 0
    assert {turn * number - 1 for number in range(1, turns + 1)} <= {*found}
    assert found == sorted({*found})


def record_of(
    case: Case, turn: int, arrived: dict[str, tuple[list[int], list[int]]], given: list[int]
) -> TrialRecord:
    """Return a trial; ``arrived`` has sequences and stamps of each consumer."""
    roles = {}
    for name, (sequence, stamps_ns) in arrived.items():
        heads = np.zeros(len(sequence), dtype=HEADS)
        heads["sequence"] = sequence
        roles[name] = RoleRecord(name, {"wrong": 0}, heads=heads)
        roles[name].arrived_ns = np.array(stamps_ns)
    driver = f"{case.cell.workload.driver.name}.0"
    known = roles.setdefault(driver, RoleRecord(driver, {}))
    known.counts["given"] = 2 * turn
    known.given_ns = np.array(given)
    nothing: dict[str, Any] = {"cpu": {}, "peak_bytes": {}, "sockets": {}}
    return TrialRecord(
        roles, build_s=0, join_s=0, total_s=0, turn=turn, counted=(0, 1), **nothing
    )


FAN_OUT = make_case(find_cell("zmq/lossless/fan_out.py"))
LOSSY = make_case(find_cell("zmq/minimal/fan_out.py"))
S = 10**9


def test_a_turn_lasts_until_the_last_consumer_has_its_last_message() -> None:
    every = [0, 1, 2, 3]
    arrived = {
        "subscribe.0": (every, [2 * S, 3 * S, 13 * S]),  # first, and last of each turn
        "subscribe.1": (every, [2 * S, 5 * S, 12 * S]),
    }
    first, second = spans(FAN_OUT, record_of(FAN_OUT, 2, arrived, [S, 10 * S]))
    assert first == (4.0, 2, 4)
    assert second == (3.0, 2, 4)


def test_a_turn_with_losses_ends_with_the_last_message_that_arrived() -> None:
    arrived = {"subscribe.0": ([0, 3], [2 * S, 13 * S])}
    given = [S, 2 * S, 10 * S, 11 * S]
    first, second = spans(LOSSY, record_of(LOSSY, 2, arrived, given))
    assert first == (1.0, 2, 1)
    assert second == (3.0, 2, 1)


def test_a_turn_without_arrivals_has_no_value() -> None:
    arrived = {"subscribe.0": ([0, 1], [2 * S, 3 * S])}
    given = [S, 2 * S, 10 * S, 11 * S]
    with pytest.raises(TrialError, match="nothing was delivered in turn 2"):
        spans(LOSSY, record_of(LOSSY, 2, arrived, given))


def test_samples_are_cut_at_turns_in_any_order_of_arrival() -> None:
    case = make_case(find_cell("zmq/minimal/pipeline.py"), "latency")
    turn = 8
    sequence = [*reversed(range(turn)), *range(turn, 2 * turn)]
    arrived = {"collect.0": (sequence, [0] * 2 * turn)}
    record = record_of(case, turn, arrived, evenly(2 * turn, MS).tolist())
    named = {"collect.0": np.array(sequence)}
    first, second = windows(case, record, named)
    assert first["collect.0"].tolist() == [7, 6, 5]
    assert second["collect.0"].tolist() == [13, 14, 15]


SIZES = st.sampled_from([64, 1024, 65536])


@given(SIZES, st.floats(1e-7, 1e-2), st.integers(1, 30), st.integers(1, 16))
def test_the_turns_of_a_case_fit_into_memory_and_are_equal(
    size_bytes: int, pace_s: float, count: int, instances: int
) -> None:
    for cell, quantity in (
        ("zmq/minimal/request_reply.py", latency),
        ("zmq/lossless/fan_out.py", throughput),
    ):
        case = make_case(find_cell(cell), size_bytes=size_bytes, instances=instances)
        made = quantity.window_of_turns(case, pace_s, count)
        assert made.messages % made.turns == 0
        assert made.turns == count
        assert made.messages * bytes_per_message(case) <= BYTES_IN_TURNS_MAX


def test_a_turn_of_round_trips_holds_forty_messages_or_ten_milliseconds() -> None:
    case = make_case(find_cell("zmq/minimal/request_reply.py"), "latency")
    assert latency.window_of_turns(case, 50e-6, 24).messages == 24 * 200
    assert latency.window_of_turns(case, 1e-3, 24).messages == 24 * 40
    assert latency.window_of_turns(case, 50e-6, 24).stamp_each


def test_a_turn_of_throughput_lasts_fifty_milliseconds() -> None:
    case = make_case(find_cell("zmq/lossless/fan_out.py"))
    assert throughput.window_of_turns(case, 10e-6, 5).messages == 5 * 5_000
    assert throughput.window_of_turns(case, 10e-6, 5).stamp_each is False
