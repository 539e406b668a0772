"""The report of invented runs: says the right thing, hides nothing, stays the same."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import synthetic
from once import once, run_made_once
from PIL import Image
from words_of import build_words, html_of, without_charts

from bench.analysis.comparisons import comparisons
from bench.analysis.estimates import estimates
from bench.analysis.recovery import recoveries
from bench.analysis.results import Run, load
from bench.cli import report as cli_report
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.errors import ResultsError, UsageError
from bench.report import build as report
from bench.report.build import build, derive, renew_readme
from bench.report.charts.all import charts
from bench.report.charts.export import export
from bench.report.charts.style import Chart
from bench.report.numbers.citation import load_numbers
from bench.report.pages import declared, readme
from bench.report.pages.site import PAGES, page_of
from bench.report.sections.tables import every_cell

REASON = "blast: 3 reordered of 3000 messages"
LONGEST, PAGE_BYTES_MAX, REPORT_BYTES_MAX = 12, 1e6, 6e6
FAILING = {"http/websocket/fan_out.py": f"{REASON}\n  logs: /nowhere"}


def round_trips(case: Case) -> bool:
    return case.quantity == "latency" and not case.fault


def load_toml(stack: Path) -> dict[str, Any]:
    return tomllib.loads((stack / "stack.toml").read_text())


def text_of(folder: Path) -> str:
    return (folder / "REPORT.md").read_text()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the quick profile with a fourth stack and a cell that failed."""

    def make(root: Path) -> None:
        more = synthetic.fourth_stack(root / "more")
        how = {"failing": FAILING, "keep": lambda _: True}
        synthetic.make(root / "run", more, blocks=10, **how)

    return once(tmp_path_factory, "run", make) / "run"


@pytest.fixture(scope="module")
def out(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "report", lambda out: build([run], out))


@pytest.fixture(
    scope="module", params=["few", pytest.param("all", marks=pytest.mark.thorough)]
)
def twice(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """A report of few charts, or of all, and the same with each chart in every format."""
    if request.param == "all":
        run, out = (request.getfixturevalue(name) for name in ("run", "out"))
    else:
        run = run_made_once(tmp_path_factory, "small run", blocks=2, keep=round_trips)
        out = once(tmp_path_factory, "small report", lambda out: build([run], out))

    def make(everything: Path) -> None:
        (everything / "figures").mkdir()
        (everything / "figures" / "gone.svg").write_text("<svg/>")  # a figure of before
        build([run], everything, all_files=True)

    name = f"report with all files, {request.param} charts"
    return out, once(tmp_path_factory, name, make)


@pytest.fixture(scope="module")
def everything(twice: tuple[Path, Path]) -> Path:
    return twice[1]


def test_the_report_opens_with_the_answer(out: Path) -> None:
    first = text_of(out).split("\n## ", 2)[1]
    assert first.startswith("The answer")
    assert re.search(r"BSD sockets is 1\.\d+x faster than ZeroMQ", first)
    assert re.search(r"ZeroMQ \(minimal\) 1\.\d+x slower \(1\.\d+\u20131\.\d+\)", first)


def test_the_report_opens_with_questions_and_a_sentence_for_each(out: Path) -> None:
    """Questions are answered by the verdicts of the run, on all three pages alike."""
    opening = text_of(out).split("\n## ", 2)[1]
    asked = re.findall(r"^\* \*\*(Which .*\?)\*\* (.*)$", opening, re.MULTILINE)
    said = dict(asked)
    fastest = said["Which is fastest for small requests?"]
    assert fastest.startswith(
        "BSD sockets (programs in Python). Programs declared before the run. 64 B over "
        "tcp: "
    )
    assert re.search(r"ZeroMQ \(minimal\) 1\.\d+x slower \(1\.\d+", fastest)
    shortest = said["Which is shortest while nothing fails?"]
    assert re.match(
        r"Fourth \(programs in Python\)\. .*request/reply Fourth \(minimal\) 2, ZeroMQ",
        shortest,
    )
    summary = (out / "SUMMARY.md").read_text()
    page = (out / "index.html").read_text()
    for question in said:
        assert f"<h3>{question}</h3>" in page
        assert f"| {question} | **" in summary
    assert len(summary.splitlines()) < 40, "more than a screen"


def test_every_section_is_there(out: Path) -> None:
    titles = re.findall(r"^## (.*)$", text_of(out), re.MULTILINE)
    for title in (
        "How to read this", "What survives which failure", "Failures over time",
        "Latency", "Throughput", "Where ZeroMQ loses",
        "Where the data cannot tell", "Code size", "CPU and memory", "Every case",
        "Conformance", "A/A check", "Method in ten lines",
        "Predicted and actual time",
    ):  # fmt: skip
        assert title in titles


def test_every_case_of_the_plan_has_a_row(out: Path, run: Path) -> None:
    rows = text_of(out).split("## Every case", 1)[1].split("\n## ", 1)[0]
    listed = [
        line
        for line in rows.splitlines()
        if line.startswith(("| http/", "| zmq/")) and "not in this plan" not in line
    ]
    cases = load(run).cases.values()
    listed_cells = {case.cell for case in cases}
    assert listed_cells <= set(re.findall(r"^\| ([\w/.]+) \|", rows, re.MULTILINE))
    assert len(listed) == sum(case.stack in ("http", "zmq") for case in cases)


def test_a_failed_program_has_its_reason_and_no_number(out: Path) -> None:
    for text in (text_of(out), html_of(out)):
        assert f"not measured: {REASON}" in text
    ids = [entry["id"] for entry in json.loads((out / "numbers.json").read_text())]
    mine = [i for i in ids if i.startswith("fan_out") and "websocket" in i]
    assert not [i for i in mine if ".size." not in i and ".changed." not in i]


def test_a_missing_program_of_a_stack_is_shown_as_not_implemented(tmp_path: Path) -> None:
    root = synthetic.fourth_stack(tmp_path / "more")
    (root / "fourth" / "minimal" / "pipeline.py").unlink()
    run = load(synthetic.make(tmp_path / "run", root))
    rows = [map(str, row) for row in every_cell(derive(run, draw=False)).rows]
    assert any(
        re.search(
            r"\| fourth/minimal/pipeline \|.*not implemented", f"| {' | '.join(row)} |"
        )
        for row in rows
    )


def test_losses_are_shown_beside_lossy_throughput(out: Path) -> None:
    rows = [
        ln for ln in text_of(out).splitlines() if ln.startswith("| zmq/minimal/fan_out.py")
    ]
    assert any("lost 2.50 %" in row for row in rows)
    assert "321" in text_of(out).split("## Conformance", 1)[1]


def test_a_fourth_stack_appears_by_itself(out: Path) -> None:
    assert "Fourth (minimal)" in text_of(out)
    assert "Fourth" in html_of(out)


@pytest.mark.thorough
def test_a_report_built_again_has_the_same_bytes_and_no_old_figures(
    twice: tuple[Path, Path],
) -> None:
    out, everything = twice
    assert not (everything / "figures" / "gone.svg").exists()
    names = [path.relative_to(out) for path in out.rglob("*") if path.is_file()]
    assert len(names) > 10
    for name in names:
        assert (everything / name).read_bytes() == (out / name).read_bytes(), name


def test_no_file_is_written_that_nothing_shows(out: Path) -> None:
    """A page links it, or it is what pages and citations are made from."""
    linked = set()
    for page in (path for path in out.rglob("*") if path.suffix in (".md", ".html")):
        text = page.read_text()
        said = re.findall(r"""(?:\]\(|(?:href|src)=["'])([^)"'#]{1,200})[)"']""", text)
        linked |= {(page.parent / name).resolve() for name in said}
    read = {"REPORT.md", "SUMMARY.md", "claims.json", "numbers.json"}
    written = {path for path in out.rglob("*") if path.is_file() and path.name not in read}
    assert {path.relative_to(out) for path in written if path not in linked} == set()


@pytest.mark.thorough
def test_a_report_without_all_files_removes_earlier_ones(
    drawn: list[Chart], tmp_path: Path
) -> None:
    first = drawn[:1]
    export(first, tmp_path, all_files=True)
    ends = (".svg", ".png", ".csv")
    name = first[0].name
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}{end}" for end in ends}
    export(first, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.svg"]


def markup_of(page: Path) -> str:
    """Return a page without what is in its scripts: a browser tests what they do."""
    text = page.read_text()
    return re.sub(r"(<script[^>]*>).*?(</script>)", r"\1\2", text, flags=re.DOTALL)


def test_pages_refer_to_nothing_but_each_other(out: Path) -> None:
    pages = {page: markup_of(page) for page in out.rglob("*.html")}
    assert len(pages) > 8
    ids = {page: re.findall(r'\bid="([^"]+)"', text) for page, text in pages.items()}
    for page, text in pages.items():
        assert not re.search(r"""(https?:|["'(=])//[a-z]""", text)
        assert "@import" not in text
        assert set(re.findall(r"url\(([^)])", text)) <= {"#"}  # R has a function url()
        assert len(ids[page]) == len(set(ids[page])), page.name
        for address in re.findall(r'''(?:src|href)="([^"]*)"''', text):
            name, _, target = address.partition("#")
            other = (page.parent / name).resolve() if name else page
            assert other.exists(), address
            if target:
                assert target in ids[other], f"{page.name}: {address}"
        assert set(re.findall(r"url\(#([^)]+)", text)) <= set(ids[page])


def test_every_section_has_one_page_and_its_old_address_leads_there(out: Path) -> None:
    """All sections were once on index.html, where talks and mails still point."""
    index = (out / "index.html").read_text()
    moved = dict(re.findall(r'<a id="(\w+)" href="([^"]+)"', index))
    assert len(moved) > 20
    for old, address in moved.items():
        name, _, target = address.partition("#")
        assert target == old
        assert name == page_of(old).file
        assert f'id="{old}"' in (out / name).read_text()
    named = [name for one in PAGES for name in one.sections]
    assert len(named) == len(set(named))


def test_a_page_of_a_survey_names_the_machine_of_the_survey(out: Path) -> None:
    """Surveys are those of the repository, and no part of the run that leads a report."""
    survey = json.loads((report.REPORTS / "topologies.json").read_text())
    headers = {
        name: (out / name).read_text().split("</header>", 1)[0]
        for name in ("topologies.html", "experiments.html", "workloads.html")
    }
    assert survey["machine"]["cpu"] in headers["topologies.html"]
    assert "in networks of its own" in headers["topologies.html"]
    assert "made on 20" in headers["experiments.html"]
    for name in ("topologies.html", "experiments.html"):
        assert "run, profile" not in headers[name]
    assert "run, profile quick" in headers["workloads.html"]


def test_the_story_is_short_and_its_tables_too(out: Path) -> None:
    """The page in a browser is measured with the published data."""
    folds = re.compile(r"<details>.*?</details>", re.DOTALL)
    for page in out.glob("*.html"):
        shown = folds.sub("", markup_of(page))
        for table in re.findall(r"<tbody>(.*?)</tbody>", shown, re.DOTALL):
            assert table.count("<tr>") <= LONGEST, page.name
        if page.name != "explore.html":
            assert page.stat().st_size < PAGE_BYTES_MAX, page.name
    assert sum(page.stat().st_size for page in out.rglob("*.html")) < REPORT_BYTES_MAX


def test_markdown_links_the_figures_that_exist(out: Path) -> None:
    linked = re.findall(r"\]\((figures/[^)]+)\)", text_of(out))
    assert linked
    drawn = {f"figures/{path.name}" for path in (out / "figures").iterdir()}
    assert drawn == set(linked)


def test_each_chart_is_there_as_pixels_and_as_a_table(everything: Path) -> None:
    for drawn in sorted((everything / "figures").glob("*.svg")):
        assert drawn.with_suffix(".png").exists(), drawn.stem
        rows = drawn.with_suffix(".csv").read_text().splitlines()
        assert len(rows) > 1, drawn.stem


def test_each_stack_has_its_colour_in_the_pictures_of_a_chart(everything: Path) -> None:
    """Counted in its SVG: what a chart draws in a stack's colour is so in its PNG too."""
    colors = {
        stack: str(load_toml(IMPLEMENTATIONS / stack)["color"]).lower()
        for stack in ("http", "raw_socket", "zmq")
    }
    seen = set()
    for path in sorted((everything / "figures").glob("*.png")):
        drawn = path.with_suffix(".svg").read_text()
        image = Image.open(path).convert("RGB")
        found = {rgb for _, rgb in image.getcolors(image.width * image.height) or []}
        for stack, color in colors.items():
            if f"fill: {color}" not in drawn:
                continue
            rgb = tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))
            assert rgb in found, (path.stem, stack)
            seen.add(stack)
    assert seen == set(colors)


def charts_of(run: Run) -> list[Chart]:
    return charts(run, estimates(run), comparisons(run), recoveries(run), "B")


@pytest.fixture(scope="module")
def drawn(run: Path) -> list[Chart]:
    return charts_of(load(run))


def test_each_chart_names_its_run(drawn: list[Chart]) -> None:
    for chart in drawn:
        said = " ".join(text.get_text() for text in chart.figure.texts)
        for words in ("loopback, one machine", "2026-01-02", " host", chart.title):
            assert words in said, chart.name
        assert len(chart.table)


@pytest.mark.parametrize("absent", ["aiohttp_client", "stdlib_client"])
def test_requests_is_never_drawn_without_the_other_clients(
    absent: str, tmp_path: Path
) -> None:
    def keep(case: Case) -> bool:
        request_reply = case.cell.workload.name == "request_reply"
        return request_reply and case.cell.variant.name != absent and not case.fault

    made = synthetic.make(tmp_path / "run", profile="standard", keep=keep, blocks=6)
    for chart in charts_of(load(made)):
        texts = [text.get_text() for text in chart.figure.texts]
        for axes in chart.figure.axes:
            texts += [text.get_text() for text in (*axes.texts, *axes.get_yticklabels())]
        assert "requests" not in " ".join(texts), chart.name


def test_requests_is_drawn_beside_the_other_clients(drawn: list[Chart]) -> None:
    chart = next(chart for chart in drawn if chart.name == "latency_request_reply")
    labels = [label.get_text() for label in chart.figure.axes[0].get_yticklabels()]
    assert {"HTTP (minimal: requests)", "HTTP (aiohttp)", "HTTP (http.client)"} <= set(
        labels
    )
    assert not any("null" in label for label in labels)
    said = " ".join(text.get_text() for text in chart.figure.texts)
    assert "harness alone: " in said


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        (1, "Screening only: 1 repetition of each comparison, too few for an interval."),
        (6, "Screening only: 6 repetitions of each comparison. Do not cite these ratios"),
    ],
)
def test_few_blocks_are_called_a_screening(blocks: int, words: str, tmp_path: Path) -> None:
    run = synthetic.make(tmp_path / "run", blocks=blocks, keep=round_trips)
    folder = build_words([run], tmp_path / "out")
    assert words in text_of(folder).split("\n## ", 2)[1]
    assert words in html_of(folder)
    assert f"* {words}" in (folder / "SUMMARY.md").read_text()


def test_ten_blocks_are_not_called_a_screening(out: Path) -> None:
    assert "creening only" not in text_of(out)


@pytest.mark.thorough
def test_a_second_run_is_shown_beside_the_first(tmp_path: Path) -> None:
    run, other = (
        synthetic.make(tmp_path / name, blocks=6, keep=round_trips)
        for name in ("run", "other")
    )
    folder = build_words([run, other], tmp_path / "out")
    section = text_of(folder).split("## Other runs", 1)[1].split("\n## ", 1)[0]
    assert "| run | other |" in section
    assert "\N{MICRO SIGN}s" not in section


def test_a_report_without_a_run_is_an_error() -> None:
    with pytest.raises(UsageError, match="at least one run"):
        build([], Path("nowhere"))


def test_an_edited_run_is_refused(tmp_path: Path) -> None:
    folder = synthetic.make(tmp_path / "run", blocks=1)
    (folder / "check.json").write_text("[]")
    with pytest.raises(ResultsError, match="changed after the run"):
        build([folder], tmp_path / "out")


def test_readme_is_rendered_from_the_numbers(out: Path, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"before\n{readme.BEGIN}\n42 us\n{readme.END}\nafter\n")
    numbers = out / "numbers.json"
    assert readme.stale(page, numbers)
    readme.update(page, numbers)
    text = page.read_text()
    assert not readme.stale(page, numbers)
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "42 us" not in text
    assert "reports/figures/hero.svg" in text
    assert re.search(r"\| BSD sockets \(minimal\) \| BSD sockets 1\.3\dx faster", text)
    assert "http.client" not in text, "the fastest and the shortest of a stack only"


def test_the_page_of_comparisons_has_the_subject_s_ratios(out: Path) -> None:
    text = declared.text(load_numbers(out / "numbers.json"))
    assert "| **Request/reply, round trip: ZeroMQ (minimal) compared with** |" in text
    assert re.search(r"\| BSD sockets \(minimal\) \| .*BSD sockets 1\.3\dx faster \(", text)
    assert "HTTP (minimal: requests) against" not in text, "only the subject's ratios"
    assert "http.client" in text
    assert "figures/headline_shared.svg" in text


def test_a_readme_without_markers_is_left_alone(out: Path, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("nothing here\n")
    readme.update(page, out / "numbers.json")
    assert page.read_text() == "nothing here\n"
    with pytest.raises(UsageError, match="lacks the lines"):
        readme.render(page, out / "numbers.json")


def test_a_run_without_numbers_that_readme_cites_succeeds_and_leaves_readme(
    run: Path,
    out: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A machine without a compiler has no number of the programs in C."""
    page, listed = tmp_path / "README.md", out / declared.FILE
    text = f"{readme.BEGIN}\n{readme.END}\n"
    page.write_text(text)
    listed.write_text(f"{declared.CITES}\nonly.where.there.is.a.compiler\n-->\n")
    monkeypatch.setattr(report, "README", page)
    monkeypatch.setattr(report, "REPORTS", out)
    monkeypatch.setattr(report, "build", lambda *_, **__: out / "index.html")
    cli_report.report_after(run)
    said = " ".join(capsys.readouterr().out.split())
    assert "README stays as it is" in said
    assert "only.where.there.is.a.compiler" in said
    assert page.read_text() == text
    with pytest.raises(UsageError, match=r"only\.where\.there"):
        renew_readme(out / "index.html")
    listed.unlink()


def test_the_published_report_is_not_written_without_a_number_that_it_cites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = synthetic.make(tmp_path / "run", blocks=2, keep=round_trips)
    out = tmp_path / "reports"
    out.mkdir()
    cited = "request_reply.latency.64B.tcp.1_clients.split.gone.minimal.python"
    (out / declared.FILE).write_text(f"{declared.CITES}\n{cited}\n-->\n")
    monkeypatch.setattr(report, "REPORTS", out)
    with without_charts(), pytest.raises(UsageError, match=re.escape(cited)):
        build([folder], out, complete=True)
    assert [path.name for path in out.iterdir()] == [declared.FILE]


@pytest.mark.thorough
def test_a_run_of_nothing_but_throughput_has_a_report(tmp_path: Path) -> None:
    """No trial of it kept samples, although its A/A copies ask for those of each trial."""
    run = synthetic.make(
        tmp_path / "run",
        profile="standard",
        keep=lambda case: not case.fault and case.name.startswith("pipeline.throughput"),
    )
    assert "Pipeline" in text_of(build([run], tmp_path / "out").parent)
