"""Charts of growth: a point for each number of peers, hollow where it is in doubt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import synthetic
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from bench.analysis.results import Run, load
from bench.contract.model import Case
from bench.report import words
from bench.report.charts import style
from bench.report.charts.all import look_of
from bench.report.charts.export import export
from bench.report.charts.growth import charts

LOSSLESS = "zmq.lossless.python"
COST = "publish_cpu_us_per_message"


def only_cost(case: Case) -> bool:
    return case.quantity == "cost"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("growth") / "run"
    return load(synthetic.make(folder, profile="growth", keep=only_cost))


def drawn(run: Run) -> dict[str, style.Chart]:
    return {chart.name: chart for chart in charts(run, look_of(run, "A"))}


def of_fan_out(run: Run) -> style.Chart:
    """Return the chart of fan-out, without the time that others take to draw."""
    mine = {name: case for name, case in run.cases.items() if case.workload == "fan_out"}
    (chart,) = drawn(replace(run, cases=mine)).values()
    return chart


def plane(figure: Figure) -> Axes:
    (axes,) = figure.axes
    return axes


def faces(chart: style.Chart) -> set[str]:
    """Return the colours inside the markers of a chart."""
    marks = [line for line in plane(chart.figure).lines if line.get_marker() != "None"]
    return {to_hex(str(line.get_markerfacecolor())) for line in marks}


def changed(run: Run, part: str, **columns: float) -> Run:
    """Return the run with these columns of the cases whose ids contain a part."""
    trials = run.trials.copy()
    for name, value in columns.items():
        trials.loc[trials["case"].str.contains(part, regex=False), name] = value
    return replace(run, trials=trials)


def test_each_workload_has_a_chart_with_a_marker_for_each_point(run: Run) -> None:
    made = drawn(run)
    assert {*made} == {f"growth_{workload}" for workload in words.GROWN}
    for chart in made.values():
        axes = plane(chart.figure)
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        marks = [line for line in axes.lines if line.get_marker() != "None"]
        assert len(marks) == len(chart.table)
        assert chart.section == "connections"
    assert {*made["growth_fan_out"].table["peers"]} == {1, 3, 10, 30, 100, 300}


def test_the_title_names_stacks_whose_cost_grows_and_others(run: Run) -> None:
    few, most = "1_subscribers", "300_subscribers"
    grown = changed(run, few, **{COST: 100.0})
    grown = changed(grown, most, **{COST: 2500.0})
    grown = changed(grown, f"{most}.split.raw_socket", **{COST: 102.0})
    assert of_fan_out(grown).title == (
        "From 1 to 300 subscribers, a message's cost to the publisher grows 25x on ZeroMQ, "
        "25x on HTTP and shows no change on BSD sockets"
    )
    fallen = changed(grown, most, **{COST: 50.0})
    assert "falls 2.0x on ZeroMQ, 2.0x on HTTP" in of_fan_out(fallen).title
    noisy = changed(grown, few, **{COST: 100.0})
    spread = noisy.trials[COST] * (noisy.trials["block"] * 40 + 1)
    noisy = replace(noisy, trials=noisy.trials.assign(**{COST: spread}))
    assert of_fan_out(noisy).title.endswith("shows no change on any stack")


def test_a_point_in_doubt_is_drawn_hollow_and_explained(run: Run) -> None:
    sure = of_fan_out(run)
    assert style.PAPER not in faces(sure)
    assert not sure.figure.legends
    doubtful = changed(run, f"300_subscribers.split.{LOSSLESS}", others_cpu_share=0.3)
    chart = of_fan_out(doubtful)
    assert style.PAPER in faces(chart)
    assert chart.figure.legends
    hollow = chart.table[chart.table["hollow"] != ""]
    assert [*hollow["peers"]] == [300]
    assert [*hollow["hollow"]] == ["others used 30 % of the CPUs"]
    assert "on ZeroMQ" not in chart.title
    busy = of_fan_out(changed(run, "fan_out", others_cpu_share=0.3))
    assert busy.title == (
        "The publisher's CPU time for a message, by the number of subscribers"
    )


def ends(run: Run) -> list[str]:
    return [text.get_text() for text in plane(of_fan_out(run).figure).texts]


def test_a_line_ends_in_its_exponent_or_in_no_power_law(run: Run) -> None:
    flat = changed(run, LOSSLESS, **{COST: 100.0})
    assert "ZeroMQ (lossless): k = 0.00 (0.00 to 0.00)" in ends(flat)
    straight = flat
    for number in (1, 3, 10, 30, 100, 300):
        part = f".{number}_subscribers.split.{LOSSLESS}"
        straight = changed(straight, part, **{COST: 150 + 10.8 * number})
    assert "ZeroMQ (lossless): no power law, 10.8 \N{MICRO SIGN}s each" in ends(straight)
    bent = changed(straight, f".30_subscribers.split.{LOSSLESS}", **{COST: 90.0})
    assert "ZeroMQ (lossless): no power law" in ends(bent)
    few = changed(flat, "subscribers", late_p99_ns=1e9)
    assert "ZeroMQ (lossless): too few points" in ends(few)


def test_names_of_lines_are_inside_the_figure(run: Run, tmp_path: Path) -> None:
    made = [*drawn(run).values()]
    for chart in made:
        wide = chart.figure.get_window_extent().x1
        for text in plane(chart.figure).texts:
            assert text.get_window_extent().x1 <= wide, text.get_text()
    export(made, tmp_path, all_files=True)
    assert {path.name for path in tmp_path.glob("*.png")} == {
        f"growth_{workload}.png" for workload in words.GROWN
    }
