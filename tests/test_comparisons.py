"""Which cells are compared with which, and what is concluded: on invented runs."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest
import synthetic

from bench.comparisons import (
    claims_supported,
    comparisons,
    headline_cells,
    noise,
    noise_of,
    of_kind,
    stack_order,
)
from bench.contract import Case
from bench.results import load

ROUND_TRIP = "request_reply.latency.64B.tcp.1_clients.shared"


def find(table: pd.DataFrame, name: str, a: str, b: str) -> pd.Series:
    rows = table[(table["name"] == name) & (table["key_a"] == a) & (table["key_b"] == b)]
    assert len(rows) == 1
    return rows.iloc[0]


def round_trips(case: Case) -> bool:
    return case.cell.workload.name == "request_reply"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = synthetic.make(tmp_path_factory.mktemp("quick") / "run", blocks=10)
    return comparisons(load(folder))


def test_a_ratio_is_the_first_time_over_the_second(quick: pd.DataFrame) -> None:
    row = find(quick, ROUND_TRIP, "zmq.minimal.python", "raw_socket.minimal.python")
    assert row["ratio"] == pytest.approx(1.3, rel=0.01)
    assert row["low"] < row["ratio"] < row["high"]
    assert row["verdict"] == "slower"
    assert (row["faster_blocks"], row["blocks_done"]) == (0, 10)
    assert row["sign_low"] <= row["low"]


def test_a_stack_that_takes_less_time_is_faster(quick: pd.DataFrame) -> None:
    row = find(quick, ROUND_TRIP, "zmq.minimal.python", "http.minimal.python")
    assert row["verdict"] == "faster"
    assert row["faster_blocks"] == 10


def test_stacks_of_one_speed_are_equivalent(tmp_path: Path) -> None:
    folder = synthetic.make(
        tmp_path / "run", blocks=10, seconds=lambda _: 1e-4, keep=round_trips
    )
    table = of_kind(comparisons(load(folder)), "claim")
    assert set(table["verdict"]) == {"equivalent"}


def test_a_difference_within_the_noise_is_undecided(tmp_path: Path) -> None:
    def seconds(case: Case) -> float:
        # The twin takes 40 % longer than itself, ZeroMQ 30 % longer than sockets.
        return synthetic.usual_s(case) * (1.4 if case.twin else 1.0)

    folder = synthetic.make(tmp_path / "run", blocks=10, seconds=seconds, keep=round_trips)
    table = comparisons(load(folder))
    row = find(table, ROUND_TRIP, "zmq.minimal.python", "raw_socket.minimal.python")
    assert row["noise"] == pytest.approx(0.4, rel=0.05)
    assert row["verdict"] == "inconclusive"


def test_a_run_without_a_twin_concludes_no_difference(tmp_path: Path) -> None:
    folder = synthetic.make(tmp_path / "run", blocks=10, keep=lambda case: not case.twin)
    table = comparisons(load(folder))
    assert "slower" not in set(table["verdict"])
    assert set(table["noise_from"]) == {"no A/A twin in this run"}


def test_too_few_blocks_conclude_nothing(tmp_path: Path) -> None:
    folder = synthetic.make(tmp_path / "run", blocks=3)
    table = comparisons(load(folder))
    assert set(table["verdict"]) == {"inconclusive"}
    assert table["low"].isna().all()
    assert table["ratio"].notna().all()


def test_lossless_is_never_compared_with_lossy(quick: pd.DataFrame) -> None:
    mode = {
        f"{cell.stack.name}.{cell.variant.name}": cell.variant.fan_out
        for cell in synthetic.cells_of()
        if cell.workload.name == "fan_out"
    }
    fan_out = quick[quick["workload"] == "fan_out"]
    assert len(fan_out)
    for row in fan_out.itertuples():
        first = mode[f"{row.stack_a}.{row.variant_a}"]
        assert first == mode[f"{row.stack_b}.{row.variant_b}"] == row.fan_out_mode


def test_where_minimal_is_lossy_the_lossless_variant_stands_in(quick: pd.DataFrame) -> None:
    claims = of_kind(quick, "claim")
    fan_out = claims[(claims["workload"] == "fan_out") & (claims["stack_a"] == "zmq")]
    assert set(fan_out["variant_a"]) == {"lossless"}


def test_what_may_lose_is_compared_with_nothing(quick: pd.DataFrame) -> None:
    """How much it drops depends on how much it may queue: no rate of like promises."""
    assert not (quick["fan_out_mode"] == "lossy").any()


def test_the_null_stack_is_never_compared(quick: pd.DataFrame) -> None:
    assert "null" not in {*quick["stack_a"], *quick["stack_b"]}


def test_a_twin_is_compared_with_its_original_only(quick: pd.DataFrame) -> None:
    assert not quick["name"].str.contains("twin").any()


def test_zmq_meets_every_http_client(quick: pd.DataFrame) -> None:
    mine = quick[(quick["name"] == ROUND_TRIP) & (quick["stack_a"] == "zmq")]
    against = set(mine.loc[mine["stack_b"] == "http", "variant_b"])
    assert against == {"minimal", "aiohttp_client", "stdlib_client"}


def test_every_variant_meets_the_headline_cell_of_its_stack(quick: pd.DataFrame) -> None:
    mine = of_kind(quick, "alternative")
    assert (mine["stack_a"] == mine["stack_b"]).all()
    assert {"aiohttp_client", "buffered", "websocket"} <= set(mine["variant_a"])


def test_a_fourth_stack_appears_by_itself(tmp_path: Path) -> None:
    root = synthetic.fourth_stack(tmp_path / "more")
    table = comparisons(load(synthetic.make(tmp_path / "run", root)))
    further = of_kind(table, "further")
    pairs = {(row.stack_a, row.stack_b) for row in further.itertuples()}
    assert {("zmq", "fourth"), ("fourth", "http"), ("fourth", "raw_socket")} <= pairs


def test_only_blocks_that_both_have_are_paired(tmp_path: Path) -> None:
    folder = synthetic.make(tmp_path / "run", profile="standard", keep=round_trips)
    table = comparisons(load(folder))
    row = find(table, ROUND_TRIP, "zmq.minimal.python", "http.aiohttp_client.python")
    assert row["blocks_done"] == 6


def test_noise_is_that_of_its_own_twin_else_the_largest_of_the_run() -> None:
    twin = {
        "workload": "pipeline",
        "quantity": "throughput",
        "placement": "shared",
        "size_bytes": 64,
        "transport": "tcp",
    }
    floor = pd.DataFrame(
        [{**twin, "noise": 0.02}, {**twin, "workload": "fan_out", "noise": 0.08}]
    )
    assert noise_of(floor, twin) == (0.02, "its own twin")
    for key, other in (
        ("placement", "split"),
        ("quantity", "latency"),
        ("size_bytes", 1024),
    ):
        assert noise_of(floor, {**twin, key: other}) == (0.08, "largest of the run")
    assert math.isinf(noise_of(floor.iloc[:0], twin)[0])


def test_each_twin_gives_a_noise_floor(tmp_path: Path) -> None:
    folder = synthetic.make(tmp_path / "run", blocks=10)
    floor = noise(load(folder))
    assert len(floor)
    assert (floor["noise"] < 0.05).all()


def test_six_blocks_support_one_claim() -> None:
    assert [claims_supported(blocks) for blocks in (5, 6, 10)] == [0, 1, 25]


def test_the_subject_comes_first_and_the_baseline_last() -> None:
    names = sorted(["raw_socket", "http", "zmq", "another"], key=stack_order)
    assert names == ["zmq", "another", "http", "raw_socket"]


def test_a_stack_without_a_headline_cell_has_none() -> None:
    row = {"stack": "x", "variant": "special", "fan_out_mode": None, "case": "c"}
    assert headline_cells(pd.DataFrame([{**row, "language": "python"}])) == {}


def test_python_stands_for_a_stack_wherever_there_is_some() -> None:
    rows = [
        {"stack": "x", "variant": "minimal", "fan_out_mode": None, "language": language}
        for language in ("python", "c")
    ]
    for order in (rows, rows[::-1]):
        assert headline_cells(pd.DataFrame(order)) == {"x": rows[0]}
    assert headline_cells(pd.DataFrame(rows[1:])) == {"x": rows[1]}
