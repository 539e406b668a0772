"""What the report says of code: computed from the programs that a run kept."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import synthetic

from bench.archive import CODE, WEIGHTS, Archive
from bench.charts import look_of, price
from bench.charts.listing import BETWEEN_CHARS, font_pt, listing, pieces, wrapped
from bench.contract import IMPLEMENTATIONS, Case
from bench.report import build, code, derive, flexibility
from bench.report import price as prices
from bench.report.code_numbers import counts
from bench.report.model import Data
from bench.report.numbers import numbers
from bench.results import load

WEIGHT = {
    "packages": ["pyzmq"], "installed_mib": 2.125, "import_ms": 17.5, "threads": 3,
    "resident_mib": 15.8, "bare_resident_mib": 10.6,
}  # fmt: skip


def kept(case: Case) -> bool:
    tiers = ("minimal", "resilient", "lossless", "reconnecting")
    return case.cell.variant.name in tiers and (bool(case.fault) or not case.load)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = synthetic.make(tmp_path_factory.mktemp("code") / "run", blocks=6, keep=kept)
    archive = Archive(made)
    archive.write(WEIGHTS, {"zmq": WEIGHT})
    archive.seal()
    return made


@pytest.fixture(scope="module")
def data(folder: Path) -> Data:
    return derive(load(folder), draw=False)


@pytest.fixture(scope="module")
def out(folder: Path) -> Path:
    return build([folder], folder.parent / "out").parent


@pytest.fixture(scope="module")
def entries(data: Data) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in numbers(data)}


def rows_of(data: Data) -> dict[str, dict[str, Any]]:
    return {row["cell"]: row for row in data.run.code["programs"]}


# --- Numbers --------------------------------------------------------------------------


def test_every_program_is_citable_with_all_that_was_counted(
    data: Data, entries: dict[str, dict[str, Any]]
) -> None:
    for row in data.run.code["programs"]:
        for name, value in counts(row).items():
            entry = entries[f"{row['workload']}.size.{name}.{row['key']}"]
            assert entry["value"] == value, entry["id"]
            assert entry["cells"] == [row["cell"]]
    parts = [f"request_reply.size.{name}.zmq.minimal.c" for name in ("framing", "business")]
    assert {entries[name]["unit"] for name in parts} == {"statements"}


def test_no_id_is_given_twice(data: Data) -> None:
    ids = [entry["id"] for entry in numbers(data)]
    assert len(ids) == len(set(ids))


def test_twins_have_their_difference_and_the_verdict_of_both_parts(
    data: Data, entries: dict[str, dict[str, Any]]
) -> None:
    rows = rows_of(data)
    python, slide, checked = (
        rows[f"zmq/{name}"]["statements"]
        for name in (
            "minimal/request_reply.py",
            "slide/request_reply.c",
            "minimal/request_reply.c",
        )
    )
    entry = entries["request_reply.twins.statements.zmq"]
    assert entry["value"] == checked - python
    assert entry["verdict"] in ("upheld", "refuted")
    assert f"{python} statements in Python" in entry["sentence"]
    for part, value in (("language", slide - python), ("checking", checked - slide)):
        assert entries[f"request_reply.twins.statements_{part}.zmq"]["value"] == value
    assert "fan_out.twins.statements_language.zmq" not in entries


def test_weights_changes_and_totals_are_citable(
    data: Data, entries: dict[str, dict[str, Any]]
) -> None:
    assert entries["weight.packages.zmq"]["value"] == 1
    assert "2.12 MiB" in entries["weight.installed_mib.zmq"]["sentence"]
    changed = entries["request_reply_to_pipeline.changed.zmq.minimal.python"]
    assert 0 < changed["value"] <= 40
    assert (
        entries["request_reply.one_peer_to_several.changed.zmq.minimal.python"]["value"]
        == 0
    )
    # of transports over which it was not checked nothing is said
    assert "request_reply.tcp_to_ipc.changed.http.minimal.python" not in entries
    total = entries["total.statements.raw_socket.minimal.python"]["value"]
    mine = [
        row["statements"]
        for row in data.run.code["programs"]
        if row["key"] == "raw_socket.minimal.python"
    ]
    assert max(mine) < total < sum(mine)


# --- Prices ---------------------------------------------------------------------------


def test_prices_add_up_to_the_smallest_program_at_the_level(
    data: Data, entries: dict[str, dict[str, Any]]
) -> None:
    found = prices.cheapest(data)
    assert ("request_reply", "zmq") in found
    for (workload, stack), levels in found.items():
        sizes = [row["statements"] for row in levels.values()]
        assert sizes == sorted(sizes)
        steps = [entries[f"{workload}.price.{level}.{stack}"]["value"] for level in levels]
        assert sum(steps) == sizes[-1]


def test_a_program_counts_at_lower_levels_too(data: Data) -> None:
    levels = prices.cheapest(data)["request_reply", "http"]
    assert list(levels) == ["L0", "L1", "L2"]
    assert levels["L0"]["variant"] == "minimal"  # though resilient is at L0 as well
    assert levels["L1"]["variant"] == "reconnecting"
    assert levels["L2"]["variant"] == "resilient"


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    plain = {
        "stack": "zmq", "workload": "fan_out", "language": "python", "key": "k",
        "fan_out_mode": "lossy", "repeats": 5, "verdict": "kept",
    }  # fmt: skip
    return pd.DataFrame([{**plain, **row} for row in rows])


def test_survived_counts_the_faults_that_the_tiers_were_put_to() -> None:
    made = price.survived(
        table(
            {"cell": "a", "variant": "minimal", "fault": "x"},
            {"cell": "a", "variant": "minimal", "fault": "y", "verdict": "broken"},
            {"cell": "b", "variant": "proxied", "fault": "x"},
            {"cell": "b", "variant": "proxied", "fault": "its own"},
            {"cell": "c", "variant": "resilient", "fault": "y", "repeats": 0},
        ),
        {"a": 12, "b": 20, "c": 99},
    )
    rows = made.set_index("cell")[["statements", "kept", "faults", "most"]]
    assert rows.T.to_dict("list") == {"a": [12, 1, 2, 2], "b": [20, 1, 1, 2]}


def test_the_chart_has_a_point_and_a_label_for_each_program(data: Data) -> None:
    made = price.price(
        data.recoveries, price.statements(data.run.sizes), look_of(data.run, "A")
    )
    assert made is not None
    texts = {text.get_text() for axes in made.figure.axes for text in axes.texts}
    points = [
        line
        for axes in made.figure.axes
        for line in axes.lines
        if len(line.get_xdata()) == 1
    ]
    assert len(points) == len(made.table) > 9
    resilient = made.table[made.table["variant"] == "resilient"]
    for row in resilient.to_dict("records"):
        assert f"{data.stacks[row['stack']]['label']} {row['statements']}" in texts
    for size in (resilient["statements"].min(), resilient["statements"].max()):
        assert str(size) in made.title


# --- Tables ---------------------------------------------------------------------------


def test_shares_are_parts_of_the_statements(data: Data) -> None:
    for row in code.shares_table(data).rows:
        shown = [int(cell.split(" ")[0]) for cell in row[2:]]
        percent = [int(re.findall(r"\((\d+) %\)", cell)[0]) for cell in row[2:]]
        assert sum(shown) > 0
        assert 98 <= sum(percent) <= 102


def test_what_is_not_offered_is_no_zero(data: Data) -> None:
    made = flexibility.other_changes(data)
    rows = {(row[0], row[1]): row[2:] for row in made.rows}
    assert rows["Request/reply", "HTTP (minimal: requests)"] == [
        "0", "not offered", "not offered",
    ]  # fmt: skip
    assert rows["Request/reply", "ZeroMQ (minimal)"][0] == "0"


def test_a_run_of_before_has_no_such_sections(folder: Path, tmp_path: Path) -> None:
    old = tmp_path / "run"
    shutil.copytree(folder, old)
    (old / CODE).unlink()
    (old / WEIGHTS).unlink()
    Archive(old).seal()
    made = build([old], tmp_path / "out")
    page = made.read_text()
    assert 'id="price"' in page  # levels and sizes were kept before
    assert 'id="languages"' not in page
    assert 'id="side_by_side"' not in page
    assert not (tmp_path / "out" / "side_by_side").exists()


# --- Side by side ---------------------------------------------------------------------


def test_pages_hold_every_program_whole(data: Data, out: Path) -> None:
    page = (out / "side_by_side" / "request_reply.html").read_text()
    plain = unescape(re.sub(r"<[^>]*>", "", page))
    for tier in ("minimal", "resilient"):
        for stack in ("raw_socket", "http", "zmq"):
            path = IMPLEMENTATIONS / stack / tier / "request_reply.py"
            assert path.read_text().strip() in plain, path
    assert (IMPLEMENTATIONS / "raw_socket" / "framing.py").read_text().strip() in plain
    rows = rows_of(data)
    for cell in ("zmq/minimal/request_reply.py", "zmq/minimal/request_reply.c"):
        assert f"{rows[cell]['statements']} statements" in plain
    assert "level L2; survives" in plain


def test_pages_need_nothing_from_elsewhere(out: Path) -> None:
    for page in (out / "side_by_side").glob("*.html"):
        text = page.read_text()
        assert not re.findall(
            r'(?:src|href)="(?!\.\./index|[a-z_]+\.(?:html|svg|png)")', text
        )
        assert "default-src 'none'" in text, "the browser would let it"
        assert "@import" not in text


def test_fan_out_is_shown_by_who_loses_nothing(out: Path) -> None:
    page = (out / "side_by_side" / "fan_out.html").read_text()
    shortest = page.split('<section id="surviving">')[0]
    assert "zmq/lossless/fan_out.py" in shortest
    assert "zmq/minimal/fan_out.py" not in shortest


def test_pages_and_figures_are_the_same_when_built_again(folder: Path, out: Path) -> None:
    names = [
        "side_by_side/fan_out.png",
        "side_by_side/fan_out.html",
        "side_by_side/fan_out.svg",
    ]
    before = [(out / name).read_bytes() for name in names]
    build([folder], out)
    assert [(out / name).read_bytes() for name in names] == before


def test_the_figure_is_the_code_without_comments(data: Data) -> None:
    made = listing(data.run, "request_reply", look_of(data.run, "A"))
    assert made is not None
    shown = "".join(text.get_text() for text in made.figure.texts)
    plain = re.sub(r"\s", "", shown)
    assert "zmq.Context.instance().socket(zmq.REQ)" in plain
    assert "#nolook-up" not in plain
    assert "12 statements" in shown


def test_long_lines_are_broken_and_lose_nothing() -> None:
    lines = pieces(
        "cell.py", ["def f():", "    call(argument, another, a_third)  # why", ""]
    )
    broken = wrapped(lines, 22)
    texts = ["".join(text for text, _ in line) for line in broken]
    assert max(map(len, texts)) <= 24
    whole = re.sub(r"\s", "", "".join(texts))
    assert whole == "deff():call(argument,another,a_third)"


def test_type_is_as_large_as_the_figure_has_room_for() -> None:
    short, long = [[("x" * 30, "")]] * 5, [[("x" * 30, "")]] * 60
    assert font_pt([short] * 3, 80) > font_pt([long] * 3, 80)
    wide = [[("x" * 200, "")]]
    assert font_pt([wide] * 3, 300) < font_pt([short] * 3, 300)
    assert BETWEEN_CHARS > 0
