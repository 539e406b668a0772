"""Ensembles: the processes of several cases live side by side, and take turns."""

from __future__ import annotations

import os
import random
from collections import Counter
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers_bench import BROKEN, find_cell, hosts_of, make_case, thorough_but
from hypothesis import given
from hypothesis import strategies as st

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case, Cell
from bench.errors import NoMiddleError, TrialError
from bench.measure import latency, throughput
from bench.measure.common import Measured
from bench.measure.turns import RAMP_MESSAGES, spans
from bench.trial.build import build
from bench.trial.ensemble import drawn, ensemble
from bench.trial.record import TrialRecord, Window
from bench.trial.requirements import needs

ROUNDS = 3
TURN = 100
MEASURES = {"latency": latency.measure, "throughput": throughput.measure}
IN_PYTHON = (
    "raw_socket/minimal/request_reply.py",
    "http/websocket/request_reply.py",
    "zmq/lossless/fan_out.py",
    "raw_socket/minimal/pipeline.py",
)
IN_C = ("raw_socket/minimal/request_reply.c", "zmq/minimal/pipeline.c")
EVERY = [
    cell
    for cell in find_cells([IMPLEMENTATIONS])
    if cell.variant.name not in ("resilient", "heartbeats")
]
"""Programs whose time-outs run while others have their turn are measured alone."""


def window(case: Case, turns: int = ROUNDS, turn: int = TURN) -> Window:
    each = case.quantity == "latency" or case.cell.lossy
    return Window(turn * turns, warm_up=20, stamp_each=each, turns=turns)


def take_turns(
    cases: list[Case], logs: Path, rounds: int = ROUNDS
) -> list[TrialRecord | NoMiddleError]:
    entries = [(case, window(case, rounds)) for case in cases]
    with ensemble(entries, logs, random.Random(1)) as started:
        for _ in range(rounds):
            started.take_round(random.Random(2))
        return started.end(range(rounds))


def whole(left: list[TrialRecord | NoMiddleError]) -> list[TrialRecord]:
    found = []
    for one in left:
        if isinstance(one, NoMiddleError):
            raise one
        found.append(one)
    return found


def measured(case: Case, record: TrialRecord) -> Measured:
    return MEASURES[case.quantity](case, record)


def ready(cell: Cell) -> Cell:
    if why := needs(cell):
        pytest.skip(why)
    if cell.language == "c":
        build(cell)
    return cell


@given(st.lists(st.integers(1, 4), max_size=6), st.integers(0, 99))
def test_an_order_has_each_number_once_and_groups_together(
    sizes: list[int], seed: int
) -> None:
    numbers = iter(range(sum(sizes)))
    groups = [[next(numbers) for _ in range(size)] for size in sizes]
    order = drawn(groups, random.Random(seed))
    assert sorted(order) == list(range(sum(sizes)))
    for group in groups:
        places = sorted(map(order.index, group))
        assert places == list(range(places[0], places[0] + len(group)))


def test_each_program_of_a_group_is_as_often_first() -> None:
    rng = random.Random(1)
    first = Counter(drawn([[0, 1], [2]], rng)[0] for _ in range(4000))
    assert first[2] == pytest.approx(2000, abs=200)
    assert first[0] == pytest.approx(1000, abs=200)


@pytest.mark.parametrize("quantity", ["latency", "throughput"])
@pytest.mark.parametrize(
    "cell_id", thorough_but((*IN_PYTHON, *IN_C), {cell.id: cell.id for cell in EVERY})
)
def test_every_program_takes_turns_and_all_of_each_arrives(
    cell_id: str, quantity: str, tmp_path: Path
) -> None:
    case = make_case(ready(find_cell(cell_id)), quantity)
    (record,) = whole(take_turns([case], tmp_path))
    counts = measured(case, record).metadata
    assert counts["given"] == case.cell.workload.deliveries(ROUNDS * TURN, case.instances)
    if not case.cell.lossy:
        assert counts["delivered"] == counts["given"]


def test_no_two_turns_overlap_and_each_round_has_one_of_every_case(tmp_path: Path) -> None:
    cases = [make_case(find_cell(name), "latency") for name in IN_PYTHON]
    records = whole(take_turns(cases, tmp_path))
    began, ended = [], []
    for case, record in zip(cases, records, strict=True):
        for number, span in enumerate(spans(case, record)):
            drivers = record.of(case.cell.workload.driver)
            first_ns = min(int(d.given_ns[number * TURN]) for d in drivers)  # type: ignore[index]
            began.append((number, first_ns))
            ended.append((number, first_ns + round(span.seconds * 1e9)))
    order = np.argsort([at for _, at in began])
    assert [began[at][0] for at in order] == sorted(number for number, _ in began)
    for before, after in pairwise(order):
        assert ended[before][1] <= began[after][1]


def test_each_turn_that_counts_has_a_value_and_the_trial_has_their_median(
    tmp_path: Path,
) -> None:
    cases = [
        make_case(find_cell("zmq/minimal/request_reply.py"), "latency"),
        make_case(find_cell("zmq/minimal/request_reply.py"), "throughput"),
    ]
    entries = [(case, window(case)) for case in cases]
    with ensemble(entries, tmp_path, random.Random(1)) as started:
        for _ in range(ROUNDS):
            started.take_round(random.Random(2))
        records = whole(started.end([0, 2]))
    for case, record in zip(cases, records, strict=True):
        found = measured(case, record)
        assert len(found.windows_s) == 2
        assert found.value_s == pytest.approx(sum(found.windows_s) / 2)
    samples = np.concatenate(list(measured(cases[0], records[0]).samples.values()))
    assert 0 < len(samples) <= 2 * (TURN - RAMP_MESSAGES)


def test_turns_that_are_not_taken_count_as_no_losses(tmp_path: Path) -> None:
    case = make_case(find_cell("zmq/lossless/fan_out.py"))
    with ensemble([(case, window(case))], tmp_path, random.Random(1)) as started:
        for _ in range(2):
            started.take_round(random.Random(2))
        (record,) = whole(started.end([0, 1]))
    counts = measured(case, record).metadata
    assert counts["given"] == counts["delivered"] == 2 * TURN * case.instances


def test_clients_side_by_side_take_their_turn_together(tmp_path: Path) -> None:
    cell = find_cell("zmq/minimal/request_reply.py")
    case = make_case(cell, "latency", instances=3)
    (record,) = whole(take_turns([case], tmp_path))
    found = measured(case, record)
    assert found.metadata["given"] == 3 * ROUNDS * TURN
    assert len(found.samples) == 3


@pytest.mark.parametrize("variant", ["raising", "stale_reply"])
def test_a_program_that_fails_leaves_and_the_others_go_on(
    variant: str, tmp_path: Path
) -> None:
    good = make_case(find_cell("raw_socket/minimal/request_reply.py"), "latency")
    bad = make_case(find_cell(f"broken/{variant}/request_reply.py", BROKEN), "latency")
    rounds = 6  # the server that raises does so after 500 messages
    left = take_turns([bad, good], tmp_path, rounds)
    assert isinstance(left[1], TrialRecord)
    assert measured(good, left[1]).metadata["delivered"] == rounds * TURN
    with pytest.raises(TrialError):
        measured(bad, whole(left[:1])[0])


def test_cpu_time_of_turns_and_cpu_time_between_them_are_kept_apart(
    tmp_path: Path,
) -> None:
    case = make_case(find_cell("raw_socket/minimal/request_reply.py"), "latency")
    entries = [(case, window(case)), (case, window(case))]
    with ensemble(entries, tmp_path, random.Random(1)) as started:
        for _ in range(ROUNDS):
            started.take_round(random.Random(2))
        members = started.members
        assert all(len(member.idle_ns) == ROUNDS for member in members)
        idle_ns = sum(sum(member.idle_ns) for member in members)
        records = whole(started.end(range(ROUNDS)))
    in_turns_ns = sum(
        threads["process"].run_ns for record in records for threads in record.cpu.values()
    )
    assert 0 <= idle_ns < in_turns_ns


def test_no_process_of_an_ensemble_outlives_it(tmp_path: Path) -> None:
    case = make_case(find_cell("raw_socket/minimal/request_reply.py"))
    entries = [(case, window(case))] * 2
    with suppress(KeyboardInterrupt), ensemble(entries, tmp_path, random.Random(1)):
        assert len(hosts_of(os.getpid())) == 4 + 1  # the fork server
        raise KeyboardInterrupt
    assert hosts_of(os.getpid()) == []


def test_no_two_cases_are_given_one_address(tmp_path: Path) -> None:
    class Stuck(random.Random):
        """Draws the same port twice before it draws another."""

        draws = 0

        def randrange(self, *bounds: int) -> int:  # type: ignore[override]
            self.draws += 1
            return self.draws // 4 if len(bounds) == 1 else super().randrange(*bounds)

    case = make_case(find_cell("raw_socket/minimal/request_reply.py"))
    with ensemble([(case, window(case))] * 2, tmp_path, Stuck(1)) as started:
        first, second = (member.trial.bound["server"] for member in started.members)
        assert first != second
