"""The report's numbers of code are computed from the programs that a run kept."""

from __future__ import annotations

import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import synthetic
from once import once
from words_of import html_of, without_charts

from bench.analysis.code_rows import ProgramCode
from bench.analysis.results import load
from bench.analysis.side_by_side import SHORTEST, beside
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.contract.rows import ProgramRow
from bench.report.build import build, derive
from bench.report.charts import price
from bench.report.charts.all import look_of
from bench.report.model import Data
from bench.report.numbers.code_numbers import counts
from bench.report.numbers.numbers import numbers
from bench.report.pages.side_by_side import write_pages
from bench.report.pages.site import PAGES
from bench.report.sections import code, flexibility
from bench.report.sections.content import facts_line
from bench.report.words import machine
from bench.run.archive import CODE, WEIGHTS, Archive

pytestmark = pytest.mark.thorough


WEIGHT = {
    "packages": ["pyzmq"], "installed_mib": 2.125, "import_ms": 17.5, "threads": 3,
    "resident_mib": 15.8, "bare_resident_mib": 10.6,
}  # fmt: skip


def kept(case: Case) -> bool:
    wanted = ("minimal", "resilient", "lossless", "reconnecting")
    return case.cell.variant.name in wanted and (bool(case.fault) or not case.load)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(root: Path) -> None:
        archive = Archive(synthetic.make(root / "run", blocks=6, keep=kept))
        archive.write(WEIGHTS, {"zmq": WEIGHT})
        archive.seal()

    return once(tmp_path_factory, "code run", make) / "run"


@pytest.fixture(scope="module")
def data(folder: Path) -> Data:
    return derive(load(folder), draw=False)


@pytest.fixture(scope="module")
def out(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with without_charts():  # the pages of code have figures of their own
        return once(tmp_path_factory, "code report", lambda out: build([folder], out))


@pytest.fixture(scope="module")
def entries(data: Data) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in numbers(data)}


def rows_of(data: Data) -> dict[str, ProgramCode]:
    return {row.program.cell: row for row in data.run.code.programs}


# --- Numbers --------------------------------------------------------------------------


def test_every_program_is_citable_with_all_that_was_counted(
    data: Data, entries: dict[str, dict[str, Any]]
) -> None:
    for row in data.run.code.programs:
        for name, value in counts(row).items():
            entry = entries[f"{row.program.workload}.size.{name}.{row.program.key}"]
            assert entry["value"] == value, entry["id"]
            assert entry["cells"] == [row.program.cell]
    parts = [f"request_reply.size.{name}.zmq.minimal.c" for name in ("framing", "business")]
    assert {entries[name]["unit"] for name in parts} == {"statements"}


def test_every_id_of_a_number_is_unique(data: Data) -> None:
    ids = [entry["id"] for entry in numbers(data)]
    assert len(ids) == len(set(ids))


def test_c_ports_have_their_difference_and_the_verdict_of_both_parts(
    data: Data, entries: dict[str, dict[str, Any]]
) -> None:
    rows = rows_of(data)
    python, slide, checked = (
        rows[f"zmq/{name}"].statements
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
        row.statements
        for row in data.run.code.programs
        if row.program.key == "raw_socket.minimal.python"
    ]
    assert max(mine) < total < sum(mine)


# --- Prices ---------------------------------------------------------------------------


def test_prices_add_up_to_the_smallest_program_at_the_level(
    data: Data, entries: dict[str, dict[str, Any]]
) -> None:
    found = data.cheapest
    assert ("request_reply", "zmq") in found
    for (workload, stack), levels in found.items():
        sizes = [cheapest.statements for cheapest in levels.values()]
        assert sizes == sorted(sizes)
        steps = [entries[f"{workload}.price.{level}.{stack}"]["value"] for level in levels]
        assert sum(steps) == sizes[-1]


def test_a_program_counts_at_lower_levels_too(data: Data) -> None:
    levels = data.cheapest["request_reply", "http"]
    assert list(levels) == ["L0", "L1"]  # few faults were tried: nobody was seen at L2
    assert levels["L0"].program.variant == "minimal"  # though resilient is at L0 as well
    assert levels["L1"].program.variant == "reconnecting"


def test_the_chart_of_prices_has_each_size_and_names_the_change(data: Data) -> None:
    found = data.cheapest
    made = price.price(data.levels, data.statements, look_of(data.run, "A"))
    assert made is not None
    texts = {text.get_text() for axes in made.figure.axes for text in axes.texts}
    for levels in found.values():
        sizes = dict.fromkeys(best.statements for best in levels.values())
        assert " \N{RIGHTWARDS ARROW} ".join(map(str, sizes)) in texts
    assert made.table["statements"].max() == max(
        best.statements for levels in found.values() for best in levels.values()
    )


def test_the_title_of_prices_has_the_sizes_before_and_after_in_one_workload(
    data: Data,
) -> None:
    at = [
        price.Cheapest(ProgramRow(stack=stack), size)
        for stack, size in (("zmq", 12), ("zmq", 113), ("http", 22), ("http", 111))
    ]
    found = {
        ("request_reply", "zmq"): {"L0": at[0], "L2": at[1]},
        ("request_reply", "http"): {"L0": at[2], "L2": at[3]},
    }
    said = price.title(found, look_of(data.run, "A"))
    assert said == (
        "Request/reply that survives failures: 12 statements become 113 on ZeroMQ and "
        "22 become 111 on HTTP"
    )
    assert "become" not in price.title({}, look_of(data.run, "A"))


# --- Tables ---------------------------------------------------------------------------


def test_shares_are_parts_of_the_statements(data: Data) -> None:
    for row in code.shares_table(data).rows:
        shown = [int(cell.split(" ")[0]) for cell in row[2:]]
        percent = [int(re.findall(r"\((\d+) %\)", cell)[0]) for cell in row[2:]]
        assert sum(shown) > 0
        assert 98 <= sum(percent) <= 102


def test_a_change_that_a_stack_does_not_offer_is_not_shown_as_zero(data: Data) -> None:
    made = flexibility.other_changes(data)
    rows = {(row[0], row[1]): row[2:] for row in made.rows}
    assert rows["Request/reply", "HTTP (minimal: requests)"] == [
        "0", "not offered", "not offered",
    ]  # fmt: skip
    assert rows["Request/reply", "ZeroMQ (minimal)"][0] == "0"


@pytest.mark.thorough
def test_an_old_run_without_code_has_no_sections_about_code(
    folder: Path, tmp_path: Path
) -> None:
    old = tmp_path / "run"
    shutil.copytree(folder, old)
    (old / f"{CODE}.gz").unlink()
    (old / WEIGHTS).unlink()
    Archive(old).seal()
    made = build([old], tmp_path / "out")
    page = html_of(made.parent)
    assert 'id="price"' in page  # levels and sizes were kept before
    assert 'id="languages"' not in page
    assert 'id="side_by_side"' not in page
    assert not (tmp_path / "out" / "side_by_side").exists()


# --- Side by side ---------------------------------------------------------------------


def test_pages_hold_every_program_whole(data: Data, out: Path) -> None:
    page = (out / "side_by_side" / "request_reply.html").read_text()
    plain = unescape(re.sub(r"<[^>]*>", "", page))
    for variant in ("minimal", "resilient"):
        for stack in ("raw_socket", "http", "zmq"):
            path = IMPLEMENTATIONS / stack / variant / "request_reply.py"
            assert path.read_text().strip() in plain, path
    assert (IMPLEMENTATIONS / "raw_socket" / "framing.py").read_text().strip() in plain
    rows = rows_of(data)
    for cell in ("zmq/minimal/request_reply.py", "zmq/minimal/request_reply.c"):
        assert f"{rows[cell].statements} statements" in plain
    assert "level L1; survives" in plain


def test_pages_load_nothing_from_other_places(out: Path) -> None:
    for page in (out / "side_by_side").glob("*.html"):
        text = page.read_text()
        assert not re.findall(r'(?:src|href)="(?!(?:\.\./)?[a-z_]+\.(?:html|svg)")', text)
        assert "default-src 'none'" in text, "the browser would let it"
        assert "@import" not in text


def test_fan_out_is_shown_by_the_program_that_loses_nothing(out: Path) -> None:
    page = (out / "side_by_side" / "fan_out.html").read_text()
    shortest = page.split('<section id="surviving">')[0]
    assert "zmq/lossless/fan_out.py" in shortest
    assert "zmq/minimal/fan_out.py" not in shortest


def test_pages_are_the_same_when_built_again(data: Data, out: Path, tmp_path: Path) -> None:
    names = ["side_by_side/fan_out.html"]
    pages = [page for page in PAGES if (out / page.file).exists()]
    facts = {"facts": facts_line(data), "machine": machine(data.run.about), "pages": pages}
    look = look_of(data.run, data.grade.letter)
    write_pages(data, look, facts, tmp_path)
    for name in names:
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes(), name


def program(stack: str, variant: str, statements: int, promise: str = "") -> ProgramCode:
    about = ProgramRow(
        workload="request_reply", stack=stack, variant=variant, language="python",
        promise=promise,
    )  # fmt: skip
    return ProgramCode(program=about, files=(), statements=statements)


def test_the_shortest_program_of_a_stack_is_chosen_among_equal_promises() -> None:
    programs = [
        program("http", "minimal", 22), program("http", "aiohttp_client", 20),
        program("http", "polling", 9, promise="acknowledges"),
        program("zmq", "minimal", 12), program("zmq", "another", 12),
    ]  # fmt: skip
    found = beside(programs, "request_reply", SHORTEST)
    assert [(row.program.stack, row.program.variant) for row in found] == [
        ("http", "aiohttp_client"),
        ("zmq", "minimal"),
    ]
