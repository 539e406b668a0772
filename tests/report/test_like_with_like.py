"""Programs that a report compares promise the same, wherever they stand.

Pairs are looked at from outside: their promises are read from ``stack.toml`` again.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import synthetic

from bench.analysis.ranking import entrants
from bench.analysis.recovery import measured, of_one_promise
from bench.analysis.recovery_rows import Recovery
from bench.analysis.results import load
from bench.analysis.rows import grouped
from bench.analysis.side_by_side import CHOICES, beside
from bench.contract.alike import Kind, exercised, loses
from bench.contract.model import Case
from bench.contract.rows import CaseRow
from bench.report import ratio
from bench.report.build import derive, opening
from bench.report.charts.ratios import in_headline
from bench.report.model import Data
from bench.report.pages import declared
from bench.report.sections.code import programs
from bench.report.sections.encryption import encryption
from bench.report.sections.paired import declared_cases
from bench.report.sections.questions import answered
from bench.report.sections.questions_of_failures import FAULTS

pytestmark = pytest.mark.thorough


ROWS = {cell.id: cell.as_row() for cell in synthetic.cells_of()}
WITHOUT_LIKE = {
    "http/polling/pipeline.py",
    "http/polling/pipeline.c",
    "http/lossy/fan_out.py",
    "raw_socket/lossy/fan_out.py",
    "zmq/lossy/fan_out.py",
    "raw_socket/minimal/pipeline.c",
    "http/minimal/fan_out.c",
}
"""Programs that acknowledge or may lose, and some in C that do not batch as ZeroMQ does."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    folder = tmp_path_factory.mktemp("alike") / "run"
    run = synthetic.make(folder, profile="full", blocks=6, keep=has_no_search)
    return derive(load(run), draw=False)


def has_no_search(case: Case) -> bool:
    """Return whether a case is no zero-loss rate, by which lossy programs are compared."""
    return case.quantity != "zero_loss"


def promises(entry: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return what the case of a pair exercises of the promise of each of its programs."""
    _, quantity, _, _, instances, *_ = entry["case"].split(".")
    several = int(instances.split("_")[0])
    return [promise(cell, quantity, several) for cell in entry["cells"]]


def promise(cell: str, quantity: str, instances: int) -> tuple[str, ...]:
    case = CaseRow(**ROWS[cell], quantity=quantity, instances=instances)
    return exercised(case)


def test_no_pair_of_unlike_programs_has_a_verdict(data: Data) -> None:
    kinds = {*Kind} - {Kind.APART}
    judged = [e for e in data.entries if e["kind"] in kinds and e["verdict"]]
    assert {entry["kind"] for entry in judged} == kinds
    for entry in judged:
        first, second = promises(entry)
        stacks = {cell.split("/")[0] for cell in entry["cells"]}
        may_differ = {"encrypts"} if len(stacks) == 1 else set()
        assert {*first} ^ {*second} <= may_differ, entry["id"]
        assert "loses" not in first, entry["id"]


def test_pairs_listed_apart_are_unlike_and_have_a_reason_and_no_verdict(
    data: Data,
) -> None:
    apart = [entry for entry in data.entries if entry["kind"] == Kind.APART]
    for entry in apart:
        first, second = promises(entry)
        assert first != second or "loses" in first, entry["id"]
        assert entry["verdict"] is None
        assert entry["reason"]
    assert {cell for entry in apart for cell in entry["cells"]} >= WITHOUT_LIKE


def test_encryption_has_a_price_on_each_stack_and_a_ratio_between_stacks(
    data: Data,
) -> None:
    price, among, written = encryption(data).tables
    beside = {(row[0], row[1]) for row in price.rows}
    assert beside >= {
        ("ZeroMQ (CURVE)", "ZeroMQ (minimal)"),
        ("ZeroMQ (CURVE)", "ZeroMQ (lossless)"),
        ("HTTP (TLS)", "HTTP (aiohttp)"),
        ("BSD sockets (TLS)", "BSD sockets (minimal)"),
    }
    assert ("ZeroMQ (CURVE)", "HTTP (TLS)") in {(row[0], row[1]) for row in among.rows}
    statements = {row[1]: (int(row[3]), int(row[4])) for row in written.rows}
    with_keys, plain = statements["ZeroMQ (CURVE)"]
    assert with_keys > plain
    assert len(statements) == 3


def test_programs_without_a_like_keep_their_number_and_their_place(data: Data) -> None:
    measured = {e["cells"][0] for e in data.entries if e["kind"] == "absolute"}
    assert measured >= WITHOUT_LIKE
    shown = {
        cell
        for pairs in declared_cases(data.entries).values()
        for pair in pairs
        for cell in pair["cells"]
    }
    assert "http/polling/pipeline.py" in shown
    assert "http/polling/pipeline.c" in shown


def test_charts_and_titles_take_no_other_pairs(data: Data) -> None:
    drawn = [
        pair
        for placement in ("split", "shared")
        for pair in in_headline(data.compared, placement)
    ]
    assert drawn
    for pair in drawn:
        first, second = (
            promise(case.cell, case.quantity, case.instances) for case in (pair.a, pair.b)
        )
        assert first == second
    by_name = grouped(entrants(data.estimates), lambda row: row.case.name)
    for name, rows in by_name.items():
        assert len({exercised(row.case) for row in rows}) == 1, name


def test_each_chart_shows_the_pairs_of_its_column_in_the_table(data: Data) -> None:
    for placement in ("split", "shared"):
        drawn = [(p.a.cell, p.b.cell) for p in in_headline(data.compared, placement)]
        tabled = [
            tuple(pair["cells"])
            for case, pairs in declared_cases(data.entries).items()
            for pair in pairs
            if case.endswith(f".{placement}") and pair["kind"] != Kind.APART
        ]
        mine = [cells for cells in drawn if cells[0].startswith("zmq/")]
        assert sorted(mine) == sorted(tabled), placement
        assert any(cells[0].endswith(".c") for cells in mine), placement


def test_differences_beside_protocols_are_shown_with_the_ratio(
    data: Data,
) -> None:
    pages = opening(data)["about_ratios"], declared.text(data.entries)
    for said in pages:
        assert ratio.COMPILED in said
        assert ratio.ONE_MACHINE in said
    against = [one for one in answered(data) if "ZeroMQ or HTTP" in one.question]
    assert len(against) == 3
    assert all(ratio.COMPILED in one.said for one in against)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("workload", ["request_reply", "fan_out", "pipeline"])
def test_programs_beside_each_other_may_lose_all_or_none(
    choice: str, workload: str, data: Data
) -> None:
    found = beside(programs(data), workload, choice)
    assert len(found) == 3
    assert len({loses(row.program) for row in found}) == 1, [
        row.program.cell for row in found
    ]


def test_answers_about_failures_count_cases_of_one_promise(tmp_path: Path) -> None:
    folder = synthetic.make(
        tmp_path / "run", keep=lambda case: bool(case.fault) or timed(case)
    )
    data = derive(load(folder), draw=False)
    tried = measured(data.recoveries)
    counted = of_one_promise(tried)
    assert ("fan_out", "minimal") in kinds_of(tried)
    left_out = {("fan_out", "minimal"), ("fan_out", "proxied")}
    assert kinds_of(tried) - kinds_of(counted) == left_out
    killed = [
        row
        for row in counted
        if row.case.stack == "zmq"
        and row.case.variant == "minimal"
        and row.fault.name in FAULTS["Which survives a killed server{again}?"]
    ]
    (asked,) = (one for one in answered(data) if "killed server" in one.question)
    assert re.search(rf"minimal, .*ZeroMQ \d of {len(killed)}\b", asked.said)


def timed(case: Case) -> bool:
    return case.cell.id == "zmq/minimal/request_reply.py"


def kinds_of(rows: list[Recovery]) -> set[tuple[str, str]]:
    return {(row.case.workload, row.case.variant) for row in rows}


def test_an_undeclared_variant_is_not_called_the_fastest(tmp_path: Path) -> None:
    """Among many variants one leads by chance."""

    def seconds(case: Case) -> float:
        quick = case.cell.variant.name == "websocket"
        return synthetic.usual_s(case) * (0.01 if quick else 1.0)

    def keep(case: Case) -> bool:
        return (case.cell.workload.name, case.quantity) == ("request_reply", "latency")

    folder = synthetic.make(
        tmp_path / "run", profile="full", blocks=6, seconds=seconds, keep=keep
    )
    asked = answered(derive(load(folder), draw=False))
    (fastest,) = (one for one in asked if "fastest for small requests" in one.question)
    assert "BSD sockets (minimal)" in fastest.said
    declared, *others = fastest.said.split("By medians, ")
    assert "WebSocket" not in fastest.found + declared
    assert others
    assert all("WebSocket" in said and "was not declared" in said for said in others)
