"""Which cells are compared with which, and what is concluded: on invented runs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from once import run_made_once

from bench.analysis.compared_rows import Check, Comparison
from bench.analysis.comparisons import comparisons, of_kind
from bench.analysis.paired import compare
from bench.analysis.results import load
from bench.contract.alike import Kind, headline_cells, stack_order
from bench.contract.model import Case
from bench.contract.rows import ProgramRow

CELLS = synthetic.cells_of()
ROUND_TRIP = "request_reply.latency.64B.tcp.1_clients.shared"


def find(rows: list[Comparison], name: str, a: str, b: str) -> Comparison:
    (found,) = (row for row in rows if row.identity == (name, a, b))
    return found


def round_trips(case: Case) -> bool:
    return case.cell.workload.name == "request_reply"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> list[Comparison]:
    folder = run_made_once(tmp_path_factory, "ten blocks", blocks=10)
    return comparisons(load(folder))


def test_a_ratio_is_the_first_time_over_the_second(quick: list[Comparison]) -> None:
    row = find(quick, ROUND_TRIP, "zmq.minimal.python", "raw_socket.minimal.python")
    times = row.times
    assert times.ratio == pytest.approx(1.3, rel=0.01)
    assert times.low < times.ratio < times.high
    assert row.verdict == "slower"
    assert (times.faster_blocks, times.blocks_done) == (0, 10)
    assert 1.2 < times.sign_low < times.sign_high < 1.4


def test_medians_are_of_the_blocks_of_the_ratio(tmp_path: Path) -> None:
    """Blocks that one side has alone move neither the ratio nor what stands beside it."""
    run = load(synthetic.make(tmp_path / "run", blocks=10, keep=round_trips))
    a, b = (f"{ROUND_TRIP}.{key}.minimal.python" for key in ("zmq", "http"))
    alone = (run.trials["case"] == b) & (run.trials["block"] >= 6)
    slower = (run.trials["case"] == a) & (run.trials["block"] >= 6)
    trials = run.trials[~alone].copy()
    trials.loc[slower, "value_s"] *= 100
    found = compare(replace(run, trials=trials), a, b)
    assert found
    first = [run.values_s(case)[:6].median() for case in (a, b)]
    assert [found.median_a_s, found.median_b_s] == pytest.approx(first)
    assert found.blocks_done == 6


def test_a_stack_that_takes_less_time_is_faster(quick: list[Comparison]) -> None:
    row = find(quick, ROUND_TRIP, "zmq.minimal.python", "http.minimal.python")
    assert row.verdict == "faster"
    assert row.times.faster_blocks == 10


def test_stacks_of_one_speed_are_equivalent(tmp_path: Path) -> None:
    folder = synthetic.make(
        tmp_path / "run", blocks=10, seconds=lambda _: 1e-4, keep=round_trips
    )
    claims = of_kind(comparisons(load(folder)), Kind.DECLARED)
    assert {pair.verdict for pair in claims} == {"equivalent"}


@pytest.mark.thorough
def test_copies_that_differ_change_no_verdict(tmp_path: Path) -> None:
    """The interval covers what its own programs vary, and copies are no threshold."""

    def differ(case: Case) -> float:
        return synthetic.usual_s(case) * (1.4 if case.copy else 1.0)

    def identity(folder: Path) -> tuple[float, float, str]:
        table = comparisons(load(folder))
        row = find(table, ROUND_TRIP, "zmq.minimal.python", "raw_socket.minimal.python")
        return row.times.low, row.times.high, row.verdict

    made = [
        synthetic.make(tmp_path / name, blocks=10, seconds=seconds, keep=round_trips)
        for name, seconds in (("alike", synthetic.usual_s), ("apart", differ))
    ]
    made.append(
        synthetic.make(
            tmp_path / "none",
            blocks=10,
            keep=lambda case: round_trips(case) and not case.copy,
        )
    )
    found = [identity(folder) for folder in made]
    assert {verdict for *_, verdict in found} == {"slower"}
    assert found[0] == found[1]


def test_copies_that_differ_put_a_smaller_difference_in_doubt(tmp_path: Path) -> None:
    def seconds(case: Case) -> float:
        # The copy takes 40 % longer than itself, ZeroMQ 30 % longer than sockets.
        return synthetic.usual_s(case) * (1.4 if case.copy else 1.0)

    folder = synthetic.make(tmp_path / "run", blocks=10, seconds=seconds, keep=round_trips)
    table = comparisons(load(folder))
    sockets, http = (
        find(table, ROUND_TRIP, "zmq.minimal.python", f"{stack}.minimal.python")
        for stack in ("raw_socket", "http")
    )
    assert sockets.check == http.check == Check.FAILED
    assert [copy.noise for copy in sockets.copies] == [pytest.approx(0.4, rel=0.05)]
    assert not sockets.stands
    assert http.stands, "4.6x is further from 1 than the copies are from each other"


def test_without_a_copy_nothing_is_checked(tmp_path: Path) -> None:
    folder = synthetic.make(tmp_path / "run", blocks=10, keep=lambda case: not case.copy)
    found = comparisons(load(folder))
    assert {pair.check for pair in found} == {Check.NONE}
    assert all(pair.stands for pair in found)


def test_too_few_blocks_conclude_nothing(tmp_path: Path) -> None:
    folder = synthetic.make(tmp_path / "run", blocks=3)
    found = comparisons(load(folder))
    assert {pair.verdict for pair in found} == {"inconclusive"}
    assert all(math.isnan(pair.times.low) for pair in found)
    assert not any(math.isnan(pair.times.ratio) for pair in found)


def test_at_full_speed_only_equal_promises_are_compared(quick: list[Comparison]) -> None:
    promise = {(cell.key, cell.workload.name): cell.promise for cell in CELLS}
    at_speed = [pair for pair in quick if pair.a.quantity == "throughput"]
    assert at_speed
    for pair in at_speed:
        first, second = (promise[case.key, case.workload] for case in (pair.a, pair.b))
        own = {"encrypts"} if pair.a.stack == pair.b.stack else set()
        assert first ^ second <= own


def test_the_lossless_variant_represents_a_stack_whose_minimal_program_may_lose(
    quick: list[Comparison],
) -> None:
    claims = of_kind(quick, Kind.DECLARED)
    fan_out = [p.a for p in claims if (p.a.workload, p.a.stack) == ("fan_out", "zmq")]
    assert {case.variant for case in fan_out} == {"lossless"}


def test_a_program_that_may_lose_is_compared_with_no_other(quick: list[Comparison]) -> None:
    """How much it drops depends on how much it may queue: no rate of like promises."""
    assert len(quick)
    assert not any("loses" in pair.a.promise for pair in quick)


def test_the_null_stack_is_never_compared(quick: list[Comparison]) -> None:
    assert "null" not in {case.stack for pair in quick for case in (pair.a, pair.b)}


def test_an_a_a_copy_is_compared_with_its_original_only(quick: list[Comparison]) -> None:
    assert not any("twin" in pair.a.name for pair in quick)


def test_zmq_is_compared_with_every_http_client(quick: list[Comparison]) -> None:
    mine = [p for p in quick if (p.a.name, p.a.stack) == (ROUND_TRIP, "zmq")]
    against = {pair.b.variant for pair in mine if pair.b.stack == "http"}
    clients = {"minimal", "aiohttp_client", "stdlib_client"}
    other_ends = {"uwsgi", "uvicorn", "pycurl", "urllib3", "httpx"}
    assert against == {*clients, *other_ends, "websocket", "tls"}


def test_every_variant_is_compared_with_the_headline_program_of_its_stack(
    quick: list[Comparison],
) -> None:
    mine = of_kind(quick, Kind.ALTERNATIVE)
    assert all(pair.a.stack == pair.b.stack for pair in mine)
    found = {pair.a.variant for pair in mine}
    assert {"aiohttp_client", "stdlib_client", "websocket"} <= found


def test_a_fourth_stack_appears_by_itself(tmp_path: Path) -> None:
    root = synthetic.fourth_stack(tmp_path / "more")
    table = comparisons(load(synthetic.make(tmp_path / "run", root)))
    pairs = {(pair.a.stack, pair.b.stack) for pair in of_kind(table, Kind.FURTHER)}
    assert {("zmq", "fourth"), ("fourth", "http"), ("fourth", "raw_socket")} <= pairs


@pytest.mark.thorough
def test_only_blocks_of_both_cases_are_paired(tmp_path: Path) -> None:
    folder = synthetic.make(tmp_path / "run", profile="standard", keep=round_trips)
    table = comparisons(load(folder))
    row = find(table, ROUND_TRIP, "zmq.minimal.python", "http.aiohttp_client.python")
    assert row.times.blocks_done == 8


def test_the_subject_comes_first_and_the_baseline_last() -> None:
    names = sorted(["raw_socket", "http", "zmq", "another"], key=stack_order)
    assert names == ["zmq", "another", "http", "raw_socket"]


def test_a_stack_without_a_minimal_program_has_no_headline_program() -> None:
    row = ProgramRow(stack="x", variant="special", language="python")
    assert headline_cells([row]) == {}


def test_a_program_in_python_represents_its_stack_if_there_is_one() -> None:
    rows = [
        ProgramRow(stack="x", variant="minimal", language=language)
        for language in ("python", "c")
    ]
    for order in (rows, rows[::-1]):
        assert headline_cells(order) == {"x": rows[0]}
    assert headline_cells(rows[1:]) == {"x": rows[1]}
