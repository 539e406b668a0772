"""The report of invented runs: says the right thing, hides nothing, stays the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import synthetic

from bench.charts import Chart, charts
from bench.charts.dark import DARK_PAPER
from bench.charts.style import PAPER
from bench.comparisons import comparisons
from bench.contract import Case
from bench.errors import ResultsError, UsageError
from bench.estimates import estimates
from bench.recoveries import recoveries
from bench.report import build, readme
from bench.results import Run, load

REASON = "blast: 3 reordered of 3000 messages"
FAILING = {"http/websocket/fan_out.py": f"{REASON}\n  logs: /nowhere"}


def text_of(folder: Path) -> str:
    return (folder / "REPORT.md").read_text()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the quick profile with a fourth stack and a cell that failed."""
    root = tmp_path_factory.mktemp("report")
    more = synthetic.fourth_stack(root / "more")
    return synthetic.make(
        root / "run", more, blocks=10, failing=FAILING, keep=lambda _: True
    )


@pytest.fixture(scope="module")
def out(run: Path) -> Path:
    return build([run], run.parent / "out").parent


def test_it_opens_with_the_answer(out: Path) -> None:
    first = text_of(out).split("\n## ", 2)[1]
    assert first.startswith("The answer")
    assert "HTTP (minimal: requests) faster in 3 of 3" in first
    assert "BSD sockets (minimal) slower in 3 of 3" in first
    assert re.search(
        r"one CPU 1\.\d+ times.*\(.*interval 1\.\d+ to 1\.\d+; 10 blocks\)", first
    )


def test_it_opens_with_questions_and_a_sentence_for_each(out: Path) -> None:
    """What is asked is answered by the verdicts of the run, on all three pages alike."""
    opening = text_of(out).split("\n## ", 2)[1]
    asked = re.findall(r"^\* \*\*(Which .*\?)\*\* (.*)$", opening, re.MULTILINE)
    said = dict(asked)
    fastest = said["Which is fastest for small requests?"]
    assert fastest.startswith("BSD sockets. 64 B over tcp: ")
    assert re.search(r"ZeroMQ \(minimal\) takes 1\.\d+ times as long \(.*slower\)", fastest)
    shortest = said["Which is shortest while nothing fails?"]
    assert re.match(r"Fourth\. .*request/reply Fourth \(minimal\) 2, ZeroMQ", shortest)
    summary = (out / "SUMMARY.md").read_text()
    page = (out / "index.html").read_text()
    for question in said:
        assert f"<dt>{question}</dt>" in page
        assert f"| {question} | **" in summary
    assert len(summary.splitlines()) < 40, "more than a screen"


def test_every_section_is_there(out: Path) -> None:
    titles = re.findall(r"^## (.*)$", text_of(out), re.MULTILINE)
    for title in (
        "How to read this", "What survives which failure", "Failures over time",
        "Latency", "Throughput", "Where ZeroMQ loses",
        "Where the data cannot tell", "Code size", "CPU and memory", "Every cell",
        "Conformance", "A/A noise floor", "Method in ten lines",
        "Predicted and actual time",
    ):  # fmt: skip
        assert title in titles


def test_every_case_of_the_plan_has_a_row(out: Path, run: Path) -> None:
    rows = text_of(out).split("## Every cell", 1)[1].split("\n## ", 1)[0]
    listed = [
        line
        for line in rows.splitlines()
        if line.startswith(("| http/", "| zmq/")) and "not in this plan" not in line
    ]
    cases = load(run).cases
    assert set(cases["cell"]) <= set(re.findall(r"^\| ([\w/.]+) \|", rows, re.MULTILINE))
    assert len(listed) == int(cases["stack"].isin(["http", "zmq"]).sum())


def test_a_failed_cell_has_its_reason_and_no_number(out: Path) -> None:
    for text in (text_of(out), (out / "index.html").read_text()):
        assert f"not measured: {REASON}" in text
    ids = [entry["id"] for entry in json.loads((out / "numbers.json").read_text())]
    mine = [i for i in ids if i.startswith("fan_out") and "websocket" in i]
    assert not [i for i in mine if ".size." not in i and ".changed." not in i]


def test_what_a_stack_lacks_is_not_implemented(tmp_path: Path) -> None:
    root = synthetic.fourth_stack(tmp_path / "more")
    (root / "fourth" / "minimal" / "pipeline.py").unlink()
    folder = build([synthetic.make(tmp_path / "run", root)], tmp_path / "out").parent
    assert re.search(r"\| fourth/minimal/pipeline \|.*not implemented", text_of(folder))


def test_losses_stand_beside_lossy_throughput(out: Path) -> None:
    rows = [
        ln for ln in text_of(out).splitlines() if ln.startswith("| zmq/minimal/fan_out.py")
    ]
    assert any("lost 2.50 %" in row for row in rows)
    assert "321" in text_of(out).split("## Conformance", 1)[1]


def test_a_fourth_stack_appears_by_itself(out: Path) -> None:
    assert "ZeroMQ or Fourth?" in text_of(out)
    assert "Fourth" in (out / "index.html").read_text()


def test_it_is_the_same_bytes_again(run: Path, out: Path, tmp_path: Path) -> None:
    again = build([run], tmp_path / "again").parent
    names = [path.relative_to(out) for path in out.rglob("*") if path.is_file()]
    assert len(names) > 20
    for name in names:
        assert (again / name).read_bytes() == (out / name).read_bytes(), name


def markup_of(out: Path) -> str:
    """Return the page without what is in its scripts: a browser tests what they do."""
    page = (out / "index.html").read_text()
    return re.sub(r"(<script[^>]*>).*?(</script>)", r"\1\2", page, flags=re.DOTALL)


def test_the_page_refers_to_nothing_outside_it(out: Path) -> None:
    page = markup_of(out)
    assert not re.search(r"(https?:)?//[a-z]", page)
    assert not re.search(r"""(src|href)=["'](?!#)""", page)
    assert "@import" not in page
    assert set(re.findall(r"url\(([^)])", page)) <= {"#"}  # R has a function url()


def test_every_reference_in_the_page_has_its_target(out: Path) -> None:
    page = markup_of(out)
    ids = re.findall(r'\bid="([^"]+)"', page)
    targets = set(re.findall(r'href="#([^"]+)"', page)) | set(
        re.findall(r"url\(#([^)]+)", page)
    )
    assert targets <= set(ids)
    assert len(ids) == len(set(ids))


def test_markdown_links_the_figures_that_exist(out: Path) -> None:
    linked = re.findall(r"\]\((figures/[^)]+)\)", text_of(out))
    assert linked
    assert all((out / name).exists() for name in linked)
    drawn = {path.stem for path in (out / "figures").glob("*.png")}
    names = {Path(name).stem for name in linked}
    assert drawn == names | {f"{name}-dark" for name in names}


def test_each_chart_is_there_light_and_dark_and_as_a_table(out: Path) -> None:
    figures = out / "figures"
    for light in sorted(figures.glob("*.svg")):
        if light.stem.endswith("-dark"):
            continue
        dark = light.with_stem(f"{light.stem}-dark")
        assert PAPER in light.read_text()
        assert PAPER not in dark.read_text()
        assert DARK_PAPER in dark.read_text()
        rows = light.with_suffix(".csv").read_text().splitlines()
        assert len(rows) > 1, light.stem


def charts_of(run: Run) -> list[Chart]:
    return charts(run, estimates(run), comparisons(run), recoveries(run), "B")


def test_each_chart_says_where_it_is_from(run: Path) -> None:
    loaded = load(run)
    for chart in charts(
        loaded, estimates(loaded), comparisons(loaded), recoveries(loaded), "B"
    ):
        said = " ".join(text.get_text() for text in chart.figure.texts)
        for words in ("loopback, one machine", "2026-01-02", "host ", chart.title):
            assert words in said, chart.name
        assert len(chart.table)


@pytest.mark.parametrize("absent", ["aiohttp_client", "stdlib_client"])
def test_requests_is_never_drawn_without_the_other_clients(
    absent: str, tmp_path: Path
) -> None:
    def keep(case: Case) -> bool:
        request_reply = case.cell.workload.name == "request_reply"
        return request_reply and case.cell.variant.name != absent and not case.fault

    loaded = load(synthetic.make(tmp_path / "run", profile="standard", keep=keep, blocks=6))
    for chart in charts(
        loaded, estimates(loaded), comparisons(loaded), recoveries(loaded), "B"
    ):
        texts = [text.get_text() for text in chart.figure.texts]
        for axes in chart.figure.axes:
            texts += [text.get_text() for text in (*axes.texts, *axes.get_yticklabels())]
        assert "requests" not in " ".join(texts), chart.name


def test_requests_is_drawn_beside_the_other_clients(run: Path) -> None:
    loaded = load(run)
    drawn = charts_of(loaded)
    chart = next(chart for chart in drawn if chart.name == "latency_request_reply")
    labels = [label.get_text() for label in chart.figure.axes[0].get_yticklabels()]
    assert {"HTTP (minimal: requests)", "HTTP (aiohttp)", "HTTP (http.client)"} <= set(
        labels
    )
    assert any("null" in label for label in labels)


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        (1, "screening only: too few blocks for an interval"),
        (6, "6 blocks: screening only, one claim at most"),
    ],
)
def test_few_blocks_are_called_a_screening(blocks: int, words: str, tmp_path: Path) -> None:
    folder = build(
        [synthetic.make(tmp_path / "run", blocks=blocks)], tmp_path / "out"
    ).parent
    assert words in text_of(folder).split("\n## ", 2)[1]
    assert words in (folder / "index.html").read_text()


def test_ten_blocks_are_none(out: Path) -> None:
    assert "screening only" not in text_of(out)


def test_a_second_run_stands_beside_the_first(run: Path, tmp_path: Path) -> None:
    other = synthetic.make(tmp_path / "other", blocks=6)
    folder = build([run, other], tmp_path / "out").parent
    section = text_of(folder).split("## Other runs", 1)[1].split("\n## ", 1)[0]
    assert "| run | other |" in section
    assert "\N{MICRO SIGN}s" not in section


def test_no_run_is_an_error() -> None:
    with pytest.raises(UsageError, match="at least one run"):
        build([], Path("nowhere"))


def test_an_edited_run_is_refused(tmp_path: Path) -> None:
    folder = synthetic.make(tmp_path / "run", blocks=1)
    (folder / "check.json").write_text("[]")
    with pytest.raises(ResultsError, match="changed after the run"):
        build([folder], tmp_path / "out")


def test_old_figures_do_not_stay(run: Path, tmp_path: Path) -> None:
    old = tmp_path / "out" / "figures" / "gone.svg"
    old.parent.mkdir(parents=True)
    old.write_text("<svg/>")
    build([run], tmp_path / "out")
    assert not old.exists()


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
    assert "| ZeroMQ (minimal) / BSD sockets (minimal) |" in text
    assert "| HTTP (" not in text, "only the subject's ratios: the rest is in the report"
    assert "http.client" in text
    assert "reports/figures/headline_shared.svg" in text


def test_a_readme_without_markers_is_left_alone(out: Path, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("nothing here\n")
    readme.update(page, out / "numbers.json")
    assert page.read_text() == "nothing here\n"
    with pytest.raises(UsageError, match="lacks the lines"):
        readme.render(page, out / "numbers.json")


def test_a_run_of_nothing_but_throughput_has_a_report(tmp_path: Path) -> None:
    """No trial of it kept samples, although its A/A twins ask for those of each trial."""
    run = synthetic.make(
        tmp_path / "run",
        profile="standard",
        keep=lambda case: not case.fault and case.name.startswith("pipeline.throughput"),
    )
    assert "Pipeline" in text_of(build([run], tmp_path / "out").parent)
