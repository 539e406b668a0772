"""Words for what a failure cost: what was kept late, and what a restart loses."""

from __future__ import annotations

from typing import Any

import pytest

from bench.analysis.recovery_rows import Breached, FaultRow, LevelRow, Median, Recovery
from bench.contract.rows import CaseRow, ProgramRow
from bench.faults.breach import BreachKind
from bench.measure.recovery import BROKEN, KEPT
from bench.report.charts import outcomes
from bench.report.sections import levels


def kept(late_s: float, **more: Any) -> Recovery:
    fault = FaultRow("server_killed", "F1", "server killed", 0)
    late = {"late": Median(late_s, late_s, late_s)}
    found = {"verdict": KEPT, "verdict_trials": 5, "repeats": 5, **more}
    return Recovery(
        case=CaseRow(), fault=fault, interval_s=0.02, watched_s=9.0, times=late,
        counts={}, **found,
    )  # fmt: skip


def test_a_contract_kept_late_is_called_late_and_never_in_time() -> None:
    assert outcomes.in_a_square(kept(6.6)) == "kept +6.6s"
    assert outcomes.in_a_square(kept(0.0)) == "kept"
    assert outcomes.in_a_square(kept(6.6, verdict_trials=1)) == "kept +6.6s 1/5"
    assert outcomes.kept(kept(6.6)) == "kept, late for 6.6 s"
    silent = (Breached(BreachKind.LOST_IN_SILENCE, 60, 64, 5),)
    assert outcomes.in_a_square(kept(6.6, verdict=BROKEN, breaches=silent)) == "silent 64"


def at_level(level: str, lost: int, promise: str = "", **more: Any) -> LevelRow:
    program = ProgramRow(variant="minimal", promise=promise)
    found = {"not_tested": "", "beside": (), **more}
    return LevelRow(
        program=program, level=level, lost_at_restart=lost, amiss="", faults=2, trials=10,
        **found,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (at_level("L1", 31, promise="loses, batches"), "L1, loses, may lose"),
        (at_level("L1", 31), "L1, loses"),
        (at_level("L1", 0), "L1"),
        (at_level("L0", 31), "L0"),
        (at_level("L2", 0, beside=("link_refused",)), "L2, except link_refused"),
        (at_level("L1", 2, not_tested="L2"), "L1, loses; L2 not tested"),
    ],
)
def test_a_level_names_a_restart_that_loses_messages(row: LevelRow, said: str) -> None:
    assert levels.spelled(row) == said


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("server killed while idle, restarted after 0.5 s", "server killed while idle"),
        ("driver returns, nobody was there", "driver returns, nobody was there"),
        ("clients, workers started last", "clients, workers started last"),
    ],
)
def test_a_fault_name_on_a_chart_has_at_least_three_words(title: str, short: str) -> None:
    assert outcomes.short_title(title) == short
