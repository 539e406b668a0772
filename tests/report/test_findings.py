"""Titles of charts: what they say of stacks they say of one language, and of ties so."""

from __future__ import annotations

import signal
from operator import attrgetter
from pathlib import Path

import pandas as pd
import pytest

from bench.analysis.rows import Estimate, in_one_language
from bench.contract.rows import CaseRow
from bench.report.charts import export, findings, style
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
