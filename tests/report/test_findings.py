"""Titles of charts: what they say of stacks they say of one language, and of ties so."""

from __future__ import annotations

import signal
from operator import attrgetter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from bench.analysis.rows import Estimate, in_one_language
from bench.contract.rows import CaseRow, ProgramRow
from bench.report.charts import export, findings, price, style
from bench.report.charts.style import Chart, Look

STACKS = {"zmq": {"label": "ZeroMQ"}, "http": {"label": "HTTP"}}
LOOK = Look(STACKS, {"zmq": "#009e73", "http": "#d55e00"}, {"zmq": "D", "http": "o"}, "")


def row(
    stack: str,
    language: str,
    value: float,
    *,
    promise: str = "",
    ends: tuple[float, float] | None = None,
) -> Estimate:
    low, high = ends or (value, value)
    case = CaseRow(id=stack, stack=stack, language=language, promise=promise)
    return Estimate(case, "cpu", "us/message", value, low, high, 0.95, 10)


def least(*rows: Estimate) -> str:
    value = attrgetter("value")
    return findings.least(rows, value, "CPU time", "Fan-out", LOOK, " us")


def test_a_program_in_c_wins_no_title_against_programs_in_python() -> None:
    said = least(
        row("zmq", "python", 0.45), row("http", "python", 0.66), row("http", "c", 0.13)
    )
    assert said == "Fan-out in Python takes least CPU time on ZeroMQ, 0.45 us; HTTP 0.66"


def test_a_title_names_no_language_where_there_is_one() -> None:
    said = least(row("zmq", "python", 0.45), row("http", "python", 0.66))
    assert said == "Fan-out takes least CPU time on ZeroMQ, 0.45 us; HTTP 0.66"


def test_programs_with_overlapping_intervals_share_the_title() -> None:
    said = least(
        row("zmq", "python", 1.2, ends=(1.0, 1.4)),
        row("http", "python", 1.3, ends=(1.1, 1.5)),
    )
    assert said == "Fan-out takes least CPU time on ZeroMQ or HTTP, 1.2 us"


def test_a_program_that_may_lose_wins_no_title() -> None:
    lossy = row("http", "python", 0.1, promise="loses")
    said = least(row("zmq", "python", 0.45), row("http", "python", 0.66), lossy)
    assert said.endswith("least CPU time on ZeroMQ, 0.45 us; HTTP 0.66")


@pytest.mark.parametrize(
    ("languages", "spoken"),
    [(["c", "python"], "python"), (["python"], "python"), (["c", "rust"], "c")],
)
def test_a_comparison_in_one_language_uses_python_if_it_can(
    languages: list[str], spoken: str
) -> None:
    rows = [row("zmq", language, 1.0) for language in languages]
    assert {each.case.language for each in in_one_language(rows)} == {spoken}


def test_sizes_too_close_for_a_label_each_share_one() -> None:
    sizes = [(13, 0), (14, 0), (60, 0), (64, 1), (172, 1)]
    zmq = ProgramRow(stack="zmq", workload="fan_out")
    rows = [price.Survivor(zmq, size, kept, 1, 1) for size, kept in sizes]
    said = [text for _, text in price.apart(rows)]
    assert said == ["13, 14", "60", "64", "172"]


def looking_at(*stacks: str) -> Look:
    return Look.of({name: {"label": name} for name in stacks}, [], "")


def test_a_stack_keeps_its_marker_in_every_run() -> None:
    ours = looking_at("http", "raw_socket", "zmq")
    with_others = looking_at("aaa", "http", "mine", "zmq")
    for name in ("http", "zmq"):
        assert ours.markers[name] == with_others.markers[name]
    assert len(set(with_others.markers.values())) == 4
    assert len(set(with_others.colors.values())) == 4
    alone = looking_at("mine", "zmq")
    assert alone.markers["mine"] == with_others.markers["mine"]
    assert alone.colors["mine"] == with_others.colors["mine"]
    assert {style.hatch(name) for name in ("http", "raw_socket", "zmq")} == {"", "//", "xx"}


def surviving(
    stack: str, size: int, variant: str = "resilient", kept: int = 3
) -> price.Survivor:
    program = ProgramRow(
        workload="fan_out", stack=stack, variant=variant, language="python"
    )
    return price.Survivor(program, size, kept, 3, 3)


def test_the_title_of_prices_has_the_statements_of_each_stack() -> None:
    rows = [
        surviving("zmq", 12, "minimal"), surviving("http", 94, "minimal"),
        surviving("zmq", 113), surviving("zmq", 172), surviving("http", 197),
    ]  # fmt: skip
    said = price.title(rows, LOOK)
    assert said == (
        "Surviving takes 113 to 172 statements on ZeroMQ, 197 on HTTP; "
        "the happy path 12 to 94"
    )


def test_the_title_of_prices_counts_the_faults_not_survived() -> None:
    said = price.title([surviving("zmq", 113, kept=1), surviving("http", 197)], LOOK)
    assert said == (
        "Surviving all but 2 faults takes 113 statements on ZeroMQ, 197 on HTTP"
    )


def test_counts_of_survived_faults_are_drawn_at_their_values() -> None:
    rows = [
        surviving("zmq", 13, "minimal", 1), surviving("zmq", 172),
        surviving("http", 37, "minimal", 1), surviving("http", 177),
    ]  # fmt: skip
    axes = Figure().add_subplot()
    price.draw(axes, rows, LOOK)
    drawn = {float(y) for line in axes.lines for y in np.asarray(line.get_ydata())}
    assert drawn == {1.0, 3.0}


@pytest.mark.parametrize("many", [10, 400])
def test_a_png_keeps_its_colours_however_many_mix_at_edges(
    many: int,
) -> None:
    """A thin bar in a stack's colour has fewer pixels than the greys of all letters."""
    pixels = np.full((90, 3 * many, 3), 255, dtype=np.uint8)
    for number in range(many):
        shade = (number * 7919) % 4096
        edge = (255 - shade % 64, 128 + shade // 64, (number * 37) % 256)
        pixels[40:80, 3 * number] = edge
    stacks = [(0, 114, 178), (213, 94, 0), (0, 158, 115)]
    for number, color in enumerate(stacks):
        pixels[10 * number : 10 * number + 4, 3:11] = color
    palette, indices = export.reduced(pixels)
    assert len(palette) <= 256
    shown = palette[indices].astype(int)
    for number, color in enumerate(stacks):
        assert (shown[10 * number : 10 * number + 4, 3:11] == color).all()
    worst = np.abs(shown - pixels.astype(int)).max()
    assert worst <= 24, "an edge in another colour"


def test_drawing_processes_end_silently_in_a_run_that_handles_signals(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A run turns signals into interrupts; its forked helpers must not inherit that."""
    table = pd.DataFrame({"stack": ["zmq"]})
    drawn = []
    for number in range(3):
        figure = style.blank("A title", "", "", LOOK)
        drawn.append(Chart(f"chart_{number}", "answer", "A title", figure, table))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        made = export.export(drawn, tmp_path)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert set(made) == {chart.name for chart in drawn}
    assert capfd.readouterr().err == ""
