"""Several runs in one report: overlaid as ratios, with what differs between them named."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import synthetic
from click.testing import CliRunner
from test_changes import made, other, seconds

from bench.cli import main
from bench.contract import Case
from bench.report import build, derive, other_runs
from bench.report.model import Data, Section
from bench.results import load


def no_open_loop(case: Case) -> bool:
    return not case.fault and case.quantity != "response"


def overtaken(case: Case) -> float:
    """Return times of a machine on which sockets lose to ZeroMQ."""
    return synthetic.usual_s(case) * (1.6 if case.cell.stack.name == "raw_socket" else 1)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    folder = tmp_path_factory.mktemp("runs")

    def run(name: str, seed: int, how: Callable[[Case], float]) -> Path:
        return made(folder / name, seed=seed, keep=no_open_loop, seconds=how)

    elsewhere = other(run("elsewhere", 23, overtaken), host="lab", cpu="Another CPU")
    versions = json.loads((elsewhere / "run.json").read_text())["machine"]["versions"]
    other(elsewhere, versions={**versions, "pyzmq": "99.1"})
    return run("first", 21, synthetic.usual_s), run("again", 22, seconds(1.3)), elsewhere


@pytest.fixture(scope="module")
def data(runs: tuple[Path, Path, Path]) -> list[Data]:
    return [derive(load(run), draw=False) for run in runs]


@pytest.fixture(scope="module")
def section(data: list[Data]) -> Section:
    drawn = other_runs.overlays(data[0], data[1:])
    return other_runs.section(data[0], data[1:], drawn)


def table(section: Section, caption: str) -> list[list[str]]:
    return next(t.rows for t in section.tables if t.caption.startswith(caption))


def test_the_chart_has_every_claim_of_every_run(data: list[Data]) -> None:
    (chart,) = other_runs.overlays(data[0], data[1:])
    claims = data[0].compared[data[0].compared["kind"] == "claim"]
    assert chart.table.groupby("run").size().to_dict() == {
        "first": len(claims),
        "again": len(claims),
        "elsewhere": len(claims),
    }
    labels = {
        text.get_text() for text in chart.figure.findobj(lambda a: hasattr(a, "get_text"))
    }
    assert {"first", "again", "elsewhere"} <= labels


def test_its_title_counts_the_claims_on_which_all_runs_agree(data: list[Data]) -> None:
    (two,) = other_runs.overlays(data[0], data[1:2])
    assert "2 runs say the same of 9 of 9 claims" in two.title
    (three,) = other_runs.overlays(data[0], data[1:])
    assert "3 runs say the same of 6 of 9 claims" in three.title


def test_what_differs_between_machines_and_versions_is_marked(section: Section) -> None:
    rows = {row[0]: row for row in table(section, "The runs")}
    assert rows["machine"][-1] == "differs"
    assert rows["pyzmq"][-2:] == ["99.1", "differs"]
    assert rows["kernel"][-1] == ""


def test_each_claim_says_whether_the_runs_agree(section: Section) -> None:
    rows = table(section, "Claims")
    assert all("; agrees" in row[2] for row in rows)
    contrary = [row for row in rows if "; disagrees" in row[3]]
    assert len(contrary) == 3
    assert all("ZeroMQ" in row[0] and "BSD sockets" in row[0] for row in contrary)


def test_times_are_compared_with_the_run_of_the_same_machine_only(
    section: Section,
) -> None:
    same = table(section, "Cases that again measured")
    elsewhere = table(section, "Cases that elsewhere measured")
    assert {row[4] for row in same} == {"time here over time there"}
    assert "time here over time there" not in {row[4] for row in elsewhere}
    assert any("Another machine (host, cpu differ)" in said for said in section.bullets)


def test_the_report_of_several_runs_has_all_of_it_and_replaces_nothing(
    runs: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    page = build(runs, tmp_path / "out")
    assert (tmp_path / "out" / "figures" / "runs_shared.svg").exists()
    for text in (page.read_text(), (page.parent / "REPORT.md").read_text()):
        assert "Other runs" in text
        assert "elsewhere" in text
        assert "99.1" in text
    alone = build(runs[:1], tmp_path / "alone")
    assert "Other runs" not in alone.read_text()
    kept = [(p.parent / "numbers.json").read_text() for p in (page, alone)]
    assert kept[0] == kept[1], "the numbers to cite are those of the first run"


def test_the_command_writes_where_it_is_told(
    runs: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    words = ["report", *map(str, runs[:2]), "--out", str(tmp_path / "here")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "here" / "index.html").exists()
    assert not (runs[0] / "report").exists()
