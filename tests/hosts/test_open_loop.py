"""Open loops: when messages are due, who is late, and what waiting counts as."""

from __future__ import annotations

import asyncio
import random
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers_bench import find_cell, make_case
from hypothesis import given
from hypothesis import strategies as st

from bench.contract.model import Case
from bench.hosts.open_loop import OpenLoopStream, offsets_ns
from bench.measure import response, zero_loss
from bench.measure.common import Sizing
from bench.measure.response import generator_is_limit, generator_share, lag_ns
from bench.measure.zero_loss import RESOLUTION, Search
from bench.run.pilots import offered_hz
from bench.selftest.stall import first_come_first_served_ns
from bench.trial.record import RoleRecord
from bench.trial.trial import run_trial

seeds = st.integers(0, 1 << 32)
rates = st.floats(1.0, 1e6)


@given(seeds, rates, st.integers(1, 300))
def test_messages_are_due_in_order_and_the_same_seed_gives_the_same_moments(
    seed: int, rate_hz: float, messages: int
) -> None:
    due = offsets_ns(seed, rate_hz, messages)
    assert len(due) == messages
    assert all(b >= a for a, b in pairwise(due))
    assert due == offsets_ns(seed, rate_hz, messages)


@given(seeds, rates)
def test_a_schedule_is_the_same_pattern_at_any_rate(seed: int, rate_hz: float) -> None:
    fast = np.array(offsets_ns(seed, 2 * rate_hz, 50), dtype=float)
    slow = np.array(offsets_ns(seed, rate_hz, 50), dtype=float)
    assert np.allclose(2 * fast, slow, rtol=1e-6, atol=4)


def test_gaps_between_messages_are_exponential() -> None:
    gaps = np.diff(np.array(offsets_ns(1, 1000.0, 20_000)))
    assert gaps.mean() == pytest.approx(1e6, rel=0.03)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.05)


def test_without_a_seed_all_gaps_are_equal() -> None:
    assert set(np.diff(np.array(offsets_ns(None, 1000.0, 100)))) == {1_000_000}


def stream_of(due: list[int]) -> OpenLoopStream:
    from array import array

    messages = [bytes([number]) for number in range(len(due))]
    stream = OpenLoopStream(
        array("q", due),
        messages=messages,
        join_message=b"",
        warm_up_message=b"",
        warm_up_count=0,
        interval_s=None,
        stamp_each=True,
        limit_s=None,
        tell=lambda _: None,
    )
    stream.warm.set()
    stream.window.set()
    return stream


def test_no_message_is_given_before_it_is_due_nor_left_out() -> None:
    stream = stream_of([0, 2_000_000, 2_000_001, 5_000_000])
    assert list(stream) == [b"\0", b"\1", b"\2", b"\3"]
    given_ns, due_ns = np.array(stream.given_ns), np.array(stream.intended_ns)
    assert (given_ns >= due_ns).all()
    assert stream.given == 4


def test_an_asynchronous_program_gets_the_same_schedule_and_its_loop_is_not_blocked() -> (
    None
):
    stream = stream_of([0, 200_000_000, 400_000_000])  # a busy machine may stop a while
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.0005)
            turns += 1

    async def drive() -> list[bytes]:
        counting = asyncio.create_task(count())
        found = [message async for message in stream]
        counting.cancel()
        return found

    assert asyncio.run(drive()) == [b"\0", b"\1", b"\2"]
    assert turns >= 1
    assert (np.array(stream.given_ns) >= np.array(stream.intended_ns)).all()


def test_a_late_program_does_not_count_as_lag_of_the_generator() -> None:
    stream = stream_of([0, 0, 0])
    messages = iter(stream)
    for _ in range(3):
        next(messages)
        time.sleep(0.02)
    record = RoleRecord(
        "call.0",
        {},
        given_ns=np.array(stream.given_ns),
        intended_ns=np.array(stream.intended_ns),
        asked_ns=np.array(stream.asked_ns),
    )
    waited_ns = record.given_ns - record.intended_ns  # type: ignore[operator]
    assert waited_ns[2] - lag_ns(record)[2] >= 40_000_000


def test_a_generator_is_the_limit_when_it_is_late_or_has_no_time_left() -> None:
    assert not generator_is_limit(90_000, 50_000, 0.0)
    assert generator_is_limit(110_000, 50_000, 0.0)
    assert not generator_is_limit(110_000, 1_000_000, 0.0), "a fifth of the response time"
    assert generator_is_limit(0, 50_000, 0.25)
    busy = RoleRecord(
        "publish.0",
        {},
        given_ns=np.array([500, 1000]),
        intended_ns=np.array([0, 0]),
        asked_ns=np.array([0, 500]),
    )
    assert generator_share(busy, 1e6) == pytest.approx(0.5)


def responses(case: Case, rate_hz: float, logs: Path, seed: int = 5) -> response.Measured:
    sizing = Sizing(1e-4, rate_hz, seed)
    return response.take(case, sizing, logs, random.Random(1))


@pytest.mark.parametrize(
    "cell_id",
    [
        "raw_socket/minimal/request_reply.py",
        "http/aiohttp_client/request_reply.py",
        "zmq/minimal/pipeline.py",
        "zmq/lossless/fan_out.py",
    ],
)
def test_a_real_program_in_an_open_loop_delivers_all_and_waiting_counts(
    cell_id: str, tmp_path: Path
) -> None:
    measured = responses(make_case(find_cell(cell_id), "response"), 400.0, tmp_path)
    counts = measured.metadata
    assert counts["delivered"] == counts["given"]
    assert counts["p99_ns"] >= counts["from_given_p99_ns"]  # type: ignore[operator]
    assert counts["offered_hz"] == 400.0
    roles = {name for name in measured.samples if not name.endswith("from_given")}
    assert {f"{role}.from_given" for role in roles} == measured.samples.keys() - roles


def test_every_stack_meets_the_same_schedule(tmp_path: Path) -> None:
    gaps = []
    for cell_id in ("raw_socket/minimal/request_reply.py", "zmq/minimal/request_reply.py"):
        case = make_case(find_cell(cell_id), "response")
        window = response.window(case, Sizing(1e-4, 500.0, 9))
        trial = run_trial(case, window, tmp_path, random.Random(1))
        intended_ns = trial.of(case.cell.workload.driver)[0].intended_ns
        gaps.append(list(np.diff(intended_ns)))
    assert gaps[0] == gaps[1]


def test_a_common_load_is_half_the_slowest_program_s_and_an_own_load_each_program_s() -> (
    None
):
    def loaded(variant: str, load: str) -> Case:
        from dataclasses import replace

        case = make_case(find_cell(f"http/{variant}/request_reply.py"), "response")
        return replace(case, placement="split", load=load)

    cases = [
        loaded(variant, load)
        for variant in ("minimal", "stdlib_client")
        for load in ("common_50", "own_70")
    ]
    pace_s = {"minimal": 1e-3, "stdlib_client": 2.5e-4}
    pilots = {
        case.id: {"seconds_per_message": pace_s[case.cell.variant.name]} for case in cases
    }
    offered = {
        (case.cell.variant.name, case.load): offered_hz(cases, pilots)[case.id]
        for case in cases
    }
    assert offered == pytest.approx(
        {
            ("minimal", "common_50"): 500.0,
            ("stdlib_client", "common_50"): 500.0,
            ("minimal", "own_70"): 700.0,
            ("stdlib_client", "own_70"): 2800.0,
        }
    )


def test_the_theory_of_a_stall_gives_its_percentiles() -> None:
    """p = S - (1 - q) T (1 - load): a tenth of all requests fall into the stall."""
    due_ns = np.arange(2000) * 1_000_000
    service_ns = np.full(2000, 200_000)
    service_ns[1000] += 200_000_000
    found = first_come_first_served_ns(due_ns, service_ns, service_ns)
    assert np.quantile(found, 0.99) == pytest.approx(184e6, rel=0.02)
    assert np.quantile(found, 0.90) == pytest.approx(40e6, rel=0.05)
    assert found.max() == pytest.approx(200.2e6, rel=0.001)


@given(st.floats(10.0, 1e6), st.floats(0.02, 0.98))
def test_the_search_for_the_zero_loss_rate_ends_close_to_it(
    most_hz: float, share: float
) -> None:
    truth_hz = most_hz * (1 / zero_loss.SPAN) ** share
    search = Search(most_hz / zero_loss.SPAN, most_hz)
    probes = 1
    while (rate_hz := search.next_hz()) is not None:
        search.tried(rate_hz, lost=rate_hz > truth_hz)
        probes += 1
    assert search.good_hz <= truth_hz <= search.bad_hz <= search.good_hz * RESOLUTION
    assert probes <= zero_loss.PROBES


@pytest.mark.thorough
def test_a_lossy_program_has_a_zero_loss_rate(tmp_path: Path) -> None:
    case = make_case(find_cell("raw_socket/lossy/fan_out.py"), "zero_loss")
    measured = zero_loss.take(case, Sizing(1e-3), tmp_path, random.Random(1))
    counts = measured.metadata
    assert counts["lost"] == 0
    assert measured.value_s == pytest.approx(1 / float(counts["zero_loss_hz"]))
    assert 1e3 / zero_loss.SPAN <= float(counts["zero_loss_hz"]) <= 1e3
