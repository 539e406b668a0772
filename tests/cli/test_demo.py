"""``demo`` draws what became of each call, and has a record to fall back on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from bench.cli import demo
from bench.cli.main import main
from bench.faults.history import CLASSES, FailureRecord, Fate, Line

MS = 1_000_000
FAULT_NS = 10_000 * MS


def line(*calls: tuple[int, int | None, Fate]) -> Line:
    """Return calls, each due so many ms after the fault, answered after so many ms."""
    due = np.array([FAULT_NS + at * MS for at, _, _ in calls])
    arrived = [0 if took is None else FAULT_NS + (at + took) * MS for at, took, _ in calls]
    count = len(calls)
    return Line(
        "call.0",
        0,
        np.arange(count),
        due,
        due,
        np.array(arrived),
        np.array([CLASSES.index(fate) for _, _, fate in calls], np.int8),
        {},
    )


def record(*lines: Line) -> FailureRecord:
    moments = dict.fromkeys(("start_ns", "calm_ns", "struck_ns", "healed_ns", "stop_ns"), 0)
    return FailureRecord(
        [*lines], MS, fault_ns=FAULT_NS, affected=set(), beside={}, raised=0, ended=0,
        first_told_ns=0, executed_twice=0, **moments,
    )  # fmt: skip


def test_a_row_has_the_worst_of_each_moment_where_the_scale_has_the_cut() -> None:
    calls = [
        (-740, 1, Fate.DELIVERED),
        (10, None, Fate.SILENT),
        (20, 1, Fate.DELIVERED),  # in one column with the lost one
        (160, None, Fate.REPORTED),
        (310, 2000, Fate.DELIVERED),
    ]
    row = demo.columns(record(line(*calls)))
    assert row.startswith("#    .!~ ")
    assert row.strip("#.!~ ") == ""
    assert demo.scale().index("<") == row.index(".")


def test_an_unknown_demonstration_is_refused_with_the_known_ones() -> None:
    result = CliRunner().invoke(main, ["demo", "tsunami"])
    assert result.exit_code != 0
    assert "shark_bite" in result.output


def test_a_record_is_printed_without_running_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fake() -> list[str]:
        return ["one row"]

    monkeypatch.setattr(demo, "RECORDED", tmp_path / "demos")
    monkeypatch.setitem(demo.DEMOS, "shark_bite", lambda: iter(fake()))
    missing = CliRunner().invoke(main, ["demo", "shark_bite", "--recorded"])
    assert "make it with --record" in missing.output
    made = CliRunner().invoke(main, ["demo", "shark_bite", "--record"])
    assert made.exit_code == 0
    monkeypatch.setitem(demo.DEMOS, "shark_bite", lambda: pytest.fail("it ran"))
    shown = CliRunner().invoke(main, ["demo", "shark_bite", "--recorded"])
    assert shown.output.startswith("one row\nrecorded on ")


@pytest.mark.thorough
@pytest.mark.parametrize("name", [*demo.DEMOS])
def test_a_demonstration_runs(name: str) -> None:
    result = CliRunner().invoke(main, ["demo", name])
    if "namespace" in result.output:
        pytest.skip(result.output)
    assert result.exit_code == 0, result.output
    for stack in ("BSD sockets", "HTTP", "ZeroMQ"):
        assert stack in result.output
