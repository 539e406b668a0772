"""Several runs in one report: overlaid as ratios, with what differs between them named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import synthetic
from altered import made, other, seconds
from click.testing import CliRunner
from once import once
from words_of import html_of, without_charts

from bench.analysis.results import load
from bench.cli.main import main
from bench.contract.model import Case
from bench.report.build import derive
from bench.report.model import Data, Section
from bench.report.sections import other_runs
from bench.report.sections.content import sections

pytestmark = pytest.mark.thorough


def no_open_loop(case: Case) -> bool:
    return not case.fault and case.quantity != "response"


CONTRARY = 2
"""Round trips in Python and in C: the streams of sockets keep their verdicts."""


def overtaken(case: Case) -> float:
    """Return times of a machine on which sockets lose to ZeroMQ."""
    return synthetic.usual_s(case) * (1.6 if case.cell.stack.name == "raw_socket" else 1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    def make(folder: Path) -> None:
        def run(name: str, seed: int, how: Callable[[Case], float]) -> Path:
            return made(folder / name, seed=seed, keep=no_open_loop, seconds=how)

        elsewhere = other(run("elsewhere", 23, overtaken), host="lab", cpu="Another CPU")
        versions = json.loads((elsewhere / "run.json").read_text())["machine"]["versions"]
        other(elsewhere, versions={**versions, "pyzmq": "99.1"})
        run("first", 21, synthetic.usual_s)
        run("again", 22, seconds(1.3))

    folder = once(tmp_path_factory, "runs", make)
    return folder / "first", folder / "again", folder / "elsewhere"


@pytest.fixture(scope="module")
def data(runs: tuple[Path, Path, Path]) -> list[Data]:
    return [derive(load(run), draw=False) for run in runs]


@pytest.fixture(scope="module")
def section(data: list[Data]) -> Section:
    drawn = other_runs.overlays(data[0], data[1:])
    return other_runs.section(data[0], data[1:], drawn)


def table(section: Section, caption: str) -> list[list[str]]:
    return next(t.rows for t in section.tables if t.caption.startswith(caption))


def test_the_chart_has_every_declared_comparison_of_every_run(data: list[Data]) -> None:
    (chart,) = other_runs.overlays(data[0], data[1:])
    count = len(data[0].side.declared)
    shown = chart.table.groupby("run").size().to_dict()
    assert shown == dict.fromkeys(("first", "again", "elsewhere"), count)
    labels = {
        text.get_text() for text in chart.figure.findobj(lambda a: hasattr(a, "get_text"))
    }
    assert {"first", "again", "elsewhere"} <= labels


def test_the_title_counts_the_declared_comparisons_on_which_all_runs_agree(
    data: list[Data],
) -> None:
    (two,) = other_runs.overlays(data[0], data[1:2])
    count = len(data[0].side.declared)
    assert f"2 runs agree on {count} of {count} declared comparisons" in two.title
    (three,) = other_runs.overlays(data[0], data[1:])
    agreed = f"3 runs agree on {count - CONTRARY} of {count} declared comparisons"
    assert agreed in three.title


def test_differences_between_machines_and_versions_are_marked(section: Section) -> None:
    rows = {row[0]: row for row in table(section, "The runs")}
    assert rows["cpu"][-2:] == ["Another CPU", "differs"]
    assert rows["pyzmq"][-2:] == ["99.1", "differs"]
    assert rows["kernel"][-1] == ""


def test_each_declared_comparison_shows_if_the_runs_agree(section: Section) -> None:
    rows = table(section, "Declared")
    assert all(row[4].startswith("agrees: ") for row in rows)
    contrary = [row for row in rows if row[6].startswith("disagrees: ")]
    assert len(contrary) == CONTRARY
    assert all("ZeroMQ" in row[1] and "BSD sockets" in row[1] for row in contrary)


def test_times_are_compared_with_the_run_of_the_same_machine_only(
    section: Section,
) -> None:
    same = table(section, "Cases that again measured")
    elsewhere = table(section, "Cases that elsewhere measured")
    assert {row[5] for row in same} == {"time here over time there"}
    assert "time here over time there" not in {row[5] for row in elsewhere}
    assert any("Another machine (host, cpu differ)" in said for said in section.bullets)


@pytest.fixture(scope="module")
def out(runs: tuple[Path, Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(folder: Path) -> None:
        words = ["report", *map(str, runs), "--out", str(folder)]
        with without_charts():  # those of all runs are drawn
            result = CliRunner().invoke(main, words)
        assert result.exit_code == 0, result.output

    return once(tmp_path_factory, "runs report", make)


@pytest.mark.thorough
def test_the_report_of_several_runs_is_complete_and_replaces_no_other(
    out: Path, data: list[Data]
) -> None:
    assert (out / "figures" / "runs_shared.svg").exists()
    for text in (html_of(out), (out / "REPORT.md").read_text()):
        assert "Other runs" in text
        assert "elsewhere" in text
        assert "99.1" in text
    assert "Other runs" not in [section.title for section in sections(data[0])]
    kept = json.loads((out / "numbers.json").read_text())
    own = json.loads(json.dumps(data[0].entries))
    assert kept[: len(own)] == own, "the numbers to cite are those of the first run"
    assert not {entry["run"] for entry in kept} & {"again", "elsewhere"}


def test_the_command_writes_into_the_given_folder(
    runs: tuple[Path, Path, Path], out: Path
) -> None:
    assert (out / "index.html").exists()
    assert not (runs[0] / "report").exists()
