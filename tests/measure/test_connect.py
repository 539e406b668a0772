"""Connecting is timed from its beginning to the first reply, each time anew."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from helpers_bench import find_cell, make_case, thorough_but

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.measure import connect, throughput
from bench.measure.common import Sizing
from bench.run.block import measure_block
from bench.run.plan import SURVIVORS, plan
from bench.run.profiles import PROFILES
from bench.trial.trial import run_trial

COSTLY = Path(__file__).parents[1] / "cells" / "costly"
GREETING_NS = 20_000_000
CELLS = find_cells([IMPLEMENTATIONS])
PLANNED = {
    name: [
        entry.case.cell.id
        for entry in plan(profile, CELLS)
        if entry.case.quantity == "connect" and not entry.case.copy
    ]
    for name, profile in PROFILES.items()
}
QUICK = ("raw_socket/minimal/request_reply.py", "http/websocket/request_reply.py")


def test_a_server_that_greets_for_20_ms_delays_every_first_reply_by_20_ms(
    tmp_path: Path,
) -> None:
    """Had its connection been kept, only the first message would wait."""
    cell = find_cell("costly/greeting/request_reply.py", COSTLY)
    case = make_case(cell, "connect")
    measured = connect.take(case, Sizing(0.02), tmp_path, random.Random(1))
    (samples,) = measured.samples.values()
    assert len(samples) == measured.metadata["delivered"] > 1
    assert samples.min() >= GREETING_NS
    assert measured.value_s == pytest.approx(np.median(samples) / 1e9, rel=0.05)


def test_a_pilot_finds_the_time_of_a_connection(tmp_path: Path) -> None:
    cell = find_cell("costly/greeting/request_reply.py", COSTLY)
    case = make_case(cell, "connect")
    trial = run_trial(case, connect.pilot(case), tmp_path, random.Random(1))
    pace_s = throughput.measure(case, trial).metadata[throughput.PACE]
    assert float(pace_s) >= GREETING_NS / 1e9


@pytest.mark.parametrize(
    "cell_id", thorough_but(QUICK, {name: name for name in PLANNED["full"]})
)
def test_programs_take_turns_in_connecting(cell_id: str, tmp_path: Path) -> None:
    cases = [
        make_case(find_cell(cell), "connect")
        for cell in dict.fromkeys((cell_id, "zmq/minimal/request_reply.py"))
    ]
    block = measure_block([(case, 2e-3) for case in cases], tmp_path, random.Random(1))
    for outcome in block.outcomes:
        assert not isinstance(outcome, Exception), outcome
        assert len(outcome.windows_s) == connect.ROUNDS
        assert min(outcome.windows_s) > 0


def test_connecting_is_planned_for_each_stack_and_for_no_survivor() -> None:
    for name in ("standard", "full"):
        stacks = {cell.split("/")[0] for cell in PLANNED[name]}
        assert stacks >= {"zmq", "raw_socket", "http"}
        variants = {pattern.split("/")[1] for pattern in SURVIVORS}
        assert not variants & {cell.split("/")[1] for cell in PLANNED[name]}
    assert not PLANNED["quick"]


@pytest.mark.parametrize("pace_s", [1e-5, 3e-4, 3e-3, 0.1])
def test_a_turn_has_connections_enough_for_a_median_and_not_too_many_for_the_kernel(
    pace_s: float,
) -> None:
    case = make_case(find_cell("zmq/minimal/request_reply.py"), "connect")
    window = connect.window_of_turns(case, pace_s, 7)
    assert window.afresh
    assert 20 <= window.messages / 7 <= connect.TURN_MESSAGES_MAX
