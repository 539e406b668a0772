"""The cost of connections is in the report and in numbers.json, with its own run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from words_of import without_charts

from bench.analysis.results import load
from bench.contract.model import Case
from bench.measure.cost import RATE_HZ
from bench.report import build as report
from bench.report import words
from bench.report.build import derive, with_growth
from bench.report.model import Data
from bench.report.pages.headline import table
from bench.report.sections.connections import LAW_HEADS, section

ZMQ = "zmq.minimal.python"
CONNECT = f"request_reply.connect.64B.tcp.1_clients.shared.{ZMQ}"
IDLE = f"request_reply.idle_memory.64B.tcp.1000_clients.shared.{ZMQ}"
COST = f"request_reply.cost.64B.tcp.100_clients.split.{ZMQ}"
FAN_OUT = "fan_out.cost.64B.tcp.100_subscribers.split.zmq.lossless.python"
OF_FAN_OUT = "fan_out.cost_exponent.64B.tcp.subscribers.split.zmq.lossless.python"
EXPONENT = f"request_reply.cost_exponent.64B.tcp.clients.split.{ZMQ}"


def is_about_connections(case: Case) -> bool:
    return case.quantity in ("connect", "idle_memory", "cost")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("connections")
    made = [
        synthetic.make(root / profile, profile=profile, keep=is_about_connections)
        for profile in ("full", "growth")
    ]
    return made[0], made[1]


@pytest.fixture(scope="module")
def full(folders: tuple[Path, Path]) -> Data:
    return derive(load(folders[0]), draw=False)


@pytest.fixture(scope="module")
def growth(folders: tuple[Path, Path]) -> Data:
    return derive(load(folders[1]), draw=False)


def entry(data: Data, name: str) -> dict[str, object]:
    (found,) = (entry for entry in data.entries if entry["id"] == name)
    return found


@pytest.mark.parametrize(
    ("name", "unit", "words"),
    [
        (CONNECT, "us", "connect to first reply"),
        (IDLE, "KiB/connection", "memory for each connection of serve"),
    ],
)
def test_connecting_and_idle_memory_can_be_cited(
    full: Data, name: str, unit: str, words: str
) -> None:
    found = entry(full, name)
    assert found["unit"] == unit
    assert words in str(found["sentence"])
    assert found["ci_low"] is not None


def test_cost_and_its_exponent_can_be_cited(growth: Data) -> None:
    assert entry(growth, COST)["unit"] == "us/message"
    found = entry(growth, EXPONENT)
    assert (found["unit"], found["kind"]) == ("exponent", "growth")
    assert "from 1 to 1,000 connections" in str(found["sentence"])
    assert float(str(found["value"])) == pytest.approx(0, abs=0.2)


def test_the_cost_of_subscribers_to_a_publisher_can_be_cited(growth: Data) -> None:
    found = entry(growth, FAN_OUT)
    assert found["unit"] == "us/message"
    assert "cost at 50 messages/s" in str(found["sentence"])
    last = entry(growth, FAN_OUT.replace(".cost.", ".cost_last."))
    assert "to the last subscriber, p50" in str(last["sentence"])
    said = str(entry(growth, OF_FAN_OUT)["sentence"])
    assert "CPU time in the publisher goes with the number of subscribers" in said
    assert "from 1 to 300 subscribers" in said
    each = entry(growth, OF_FAN_OUT.replace("exponent", "marginal"))
    assert each["unit"] == "us/subscriber"
    assert "each further subscriber takes" in str(each["sentence"])


def test_words_name_the_rates_at_which_costs_are_measured() -> None:
    for workload, rate_hz in RATE_HZ.items():
        assert words.COST[workload] == f"cost at {rate_hz:,.0f} messages/s"


def test_a_run_of_growth_ends_with_its_laws_and_names_the_programs(
    growth: Data, tmp_path: Path
) -> None:
    numbers = tmp_path / "numbers.json"
    numbers.write_text(json.dumps(growth.entries))
    shown = table(numbers)
    assert shown is not None
    rows = [*zip(*(column.cells for column in shown.columns), strict=True)]
    assert len(rows) == len({(program, case) for program, case, _ in rows})
    found = {(str(program), str(case)): str(said) for program, case, said in rows}
    zeromq = ("ZeroMQ (minimal)", "Request/reply, CPU time of the server, by connections")
    assert found[zeromq].startswith("k = ")
    events = ("ZeroMQ (lossless)", "Fan-out, CPU time of the publisher, by subscribers")
    assert found[events].startswith("each further one: ")
    assert not any("messages/s" in case for _, case in found), "laws are made from these"
    assert (
        "ZeroMQ (minimal)",
        "Request/reply, idle connections, one CPU, 1 client",
    ) in found


def test_further_measures_of_a_connection_have_ids_of_their_own(full: Data) -> None:
    for measure in ("resident_call", "rest_serve", "woken_serve", "paced_call", "p50"):
        assert entry(full, IDLE.replace("idle_memory", f"idle_memory_{measure}"))


def test_connecting_is_compared_and_memory_is_not(full: Data, growth: Data) -> None:
    assert {pair.a.quantity for pair in full.compared} == {"connect"}
    assert not growth.compared


def test_the_section_has_a_table_of_each_that_was_measured(
    full: Data, growth: Data
) -> None:
    columns = [table.columns for table in section(full).tables]
    assert "connect to first reply, p50" in columns[0]
    assert "memory for each, KiB" in columns[1]
    idle, *costs = section(growth).tables
    assert {row[1] for row in idle.rows} == {"1", "100", "1,000"}
    grown = ("connections", "subscribers", "workers")
    for many, cost in zip(grown, costs, strict=True):
        assert f"by the number of {many}" in cost.caption
    laws = [[name for name in cost.columns if name in LAW_HEADS.values()] for cost in costs]
    assert laws == [["exponent"], ["exponent", "each further one"], ["exponent"]]
    assert all(row[-1] for cost in costs for row in cost.rows)


def test_a_hollow_point_has_a_mark_in_the_table_and_its_reason_below(growth: Data) -> None:
    trials = growth.run.trials.copy()
    trials.loc[trials["case"] == FAN_OUT, "others_cpu_share"] = 0.2
    disturbed = section(replace(growth, run=replace(growth.run, trials=trials)))
    (table,) = (each for each in disturbed.tables if "subscribers" in each.caption)
    (row,) = (row for row in table.rows if row[0] == "ZeroMQ (lossless)")
    columns = table.columns
    marked = [column for column, said in zip(columns, row, strict=True) if "○" in said]
    assert marked == ["100"]
    assert disturbed.bullets == [
        "ZeroMQ (lossless), 100 subscribers: others used 20 % of the CPUs"
    ]
    assert not section(growth).bullets


def test_a_run_of_growth_adds_its_numbers_and_replaces_none(
    full: Data, growth: Data, folders: tuple[Path, Path]
) -> None:
    both = with_growth(full, folders[1])
    ids = [found["id"] for found in both.entries]
    assert len(ids) == len(set(ids))
    assert entry(both, IDLE) == entry(full, IDLE)
    assert entry(both, COST)["run"] == growth.run.name
    assert len(section(both).tables) == 5
    assert with_growth(full, None) is full


@pytest.mark.thorough
def test_a_report_has_the_numbers_of_the_run_of_growth_beside_it(
    folders: tuple[Path, Path], tmp_path: Path
) -> None:
    with without_charts() as patch:
        patch.setattr(report.side_by_side_pages, "write_pages", lambda *_, **__: None)
        page = report.build([folders[0]], tmp_path, growth=folders[1])
    entries = json.loads((page.parent / "numbers.json").read_text())
    runs = {found["id"]: found["run"] for found in entries if "run" in found}
    assert (runs[IDLE], runs[EXPONENT]) == ("full", "growth")
    assert 'id="connections"' in (page.parent / "workloads.html").read_text()
