"""From trials with a fault to one row per case: verdicts, medians, what never came."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
import synthetic
from synthetic_failures import Story, record

from bench.analysis.recovery import measured, recoveries
from bench.analysis.recovery_rows import Breached, Recovery
from bench.analysis.results import load
from bench.analysis.rows import frame
from bench.contract.model import Case
from bench.faults.all_faults import all_faults
from bench.faults.breach import Breach, BreachKind, read
from bench.faults.history import CLASSES
from bench.measure.recovery import BROKEN, KEPT, REPORTED, judge
from bench.report.charts import outcomes

BUSY = "server_killed_busy"
ZMQ, HTTP = "zmq/minimal/request_reply.py", "http/minimal/request_reply.py"


def busy(case: Case) -> bool:
    return case.fault == BUSY and case.cell.id in (ZMQ, HTTP)


def rows_of(
    folder: Path, stories: Callable[[Case], Story], blocks: int = 5
) -> list[Recovery]:
    return recoveries(
        load(synthetic.make(folder, keep=busy, stories=stories, blocks=blocks))
    )


def row_of(
    folder: Path, *stories: Story, blocks: int | None = None, cell: str = ZMQ
) -> Recovery:
    """Return the row of a cell whose trials go through these stories in turn."""
    turns = {name: cycle(stories) for name in (ZMQ, HTTP)}

    def next_story(case: Case) -> Story:
        return next(turns[case.cell.id])

    return of_cell(rows_of(folder, next_story, blocks or len(stories)), cell)


def of_cell(rows: list[Recovery], cell: str) -> Recovery:
    return next(row for row in rows if row.case.cell == cell)


def test_a_case_is_judged_by_its_worst_trial(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(), Story(silent=7), Story(reported=3, raised=1))
    assert row.verdict == BROKEN
    assert row.verdict_trials == 1
    assert row.repeats == 3
    assert row.breaches == (Breached(BreachKind.LOST_IN_SILENCE, 7, 7, 1),)
    assert outcomes.in_a_square(row) == "silent 7 1/3"


def test_a_reported_loss_is_not_silent(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(reported=3, raised=1), Story(reported=5, raised=1))
    assert row.verdict == REPORTED
    assert row.told == "yes"
    assert outcomes.in_a_square(row) == "told 5"
    assert outcomes.counted(row.breaches) == "3 to 5 reported lost, 1 raised"


def test_one_silent_trial_makes_the_case_silent(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(reported=3), Story(silent=3))
    assert row.told == "no"


def test_five_trials_have_an_interval_and_four_have_none(tmp_path: Path) -> None:
    five = row_of(tmp_path / "five", Story(outage_s=0.6), blocks=5)
    assert five.times["outage"].low <= five.times["outage"].value
    assert five.times["outage"].value <= five.times["outage"].high
    assert five.confidence == pytest.approx(1 - 2 / 2**5)
    four = row_of(tmp_path / "four", Story(outage_s=0.6), blocks=4)
    assert math.isnan(four.times["outage"].low)
    assert four.times["outage"].value == pytest.approx(0.61, abs=0.02)


NEVER = Story(outage_s=None)


def test_a_trial_that_never_recovers_is_counted(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(), Story(), Story(), NEVER, NEVER)
    assert math.isfinite(row.times["outage"].value)
    assert math.isinf(row.times["outage"].high)
    assert row.not_recovered == 2
    assert row.in_place == 3


@pytest.mark.parametrize("stories", [(Story(), NEVER), (Story(), NEVER, NEVER)])
def test_a_median_outage_exceeds_the_time_limit_if_half_of_the_trials_never_recover(
    stories: tuple[Story, ...], tmp_path: Path
) -> None:
    row = row_of(tmp_path / "run", *stories)
    assert math.isinf(row.times["outage"].value)
    assert outcomes.seconds(row) == "> 8.5 s"
    assert outcomes.seconds(row, "reconnect") == "> 8.0 s", "counts from healing"


def test_no_outage_is_known_better_than_the_interval_between_messages(
    tmp_path: Path,
) -> None:
    story = Story(outage_s=-0.5, healed_s=0.0)
    row = row_of(tmp_path / "run", story)
    assert outcomes.seconds(row, "settle") == "< 0.02 s"


def test_recovery_by_itself_differs_from_recovery_after_a_restart(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(), Story(raised=2), Story(raised=3), NEVER)
    assert (row.in_place, row.re_entered, row.not_recovered) == (1, 2, 1)
    said = "in place in 1 of 4, re-entered in 2 of 4, did not recover in 1 of 4"
    assert outcomes.way(row) == said


def test_lateness_adds_up_over_all_gaps(tmp_path: Path) -> None:
    """A message was late if due in the outage, but for the last tenth of a second."""
    row = row_of(tmp_path / "run", Story(outage_s=0.6))
    assert row.times["late"].value == pytest.approx(0.5, abs=0.05)
    never = row_of(tmp_path / "never", NEVER)
    assert outcomes.seconds(never, "late") == "> 8.5 s"


def test_losses_have_a_median_and_a_maximum(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(silent=1), Story(silent=2), Story(silent=9))
    for name in ("silent", "gone"):
        assert (row.counts[name].value, row.counts[name].most) == (2, 9)


def test_the_worst_trial_has_the_longest_time_and_one_that_never_ended_is_longest(
    tmp_path: Path,
) -> None:
    row = row_of(tmp_path / "run", Story(outage_s=0.6), Story(outage_s=0.9))
    assert row.times["outage"].most == pytest.approx(0.9, abs=0.05)
    never = row_of(tmp_path / "never", Story(outage_s=0.6), Story(outage_s=0.6), NEVER)
    assert never.times["outage"].value < never.times["outage"].most == math.inf


def test_a_case_without_a_trial_has_its_reason(tmp_path: Path) -> None:
    failing = {ZMQ: "blast: 3 lost\n  logs: nowhere"}
    run = load(synthetic.make(tmp_path / "run", keep=busy, failing=failing, blocks=5))
    rows = recoveries(run)
    row = of_cell(rows, ZMQ)
    assert row.repeats == 0
    assert row.reason == "blast: 3 lost"
    (kept,) = measured(rows)
    assert kept.case.cell == HTTP
    assert frame(rows)["in_place"].dtype == int, "3, not 3.0"


def test_faults_are_in_the_order_of_the_catalogue(tmp_path: Path) -> None:
    run = load(synthetic.make(tmp_path / "run", keep=lambda case: bool(case.fault)))
    titles = {row.fault.name: row.fault.title for row in recoveries(run)}
    order = [name for name in all_faults() if name in titles]
    assert list(titles) == order
    assert titles == {name: all_faults()[name].title for name in order}


def test_a_run_without_titles_of_its_faults_still_loads(
    tmp_path: Path,
) -> None:
    run = load(synthetic.make(tmp_path / "run", keep=busy))
    older = replace(run, about={k: v for k, v in run.about.items() if k != "faults"})
    faults = {(row.fault.title, row.fault.number) for row in recoveries(older)}
    assert faults == {("server killed busy", "F1")}


def test_a_run_without_failures_has_no_row(tmp_path: Path) -> None:
    run = load(synthetic.make(tmp_path / "run", keep=lambda case: not case.fault, blocks=1))
    assert recoveries(run) == []


def test_every_breach_has_a_word() -> None:
    """The words on charts are those for what ``judge`` says."""
    case = next(p.case for p in synthetic.planned_cases("quick") if busy(p.case))
    loud = record(case, Story(reported=2, raised=1))
    loud.ended = 1
    loud.lines[0].beside["recovered"] = 1
    loud.lines[0].state[-1] = CLASSES.index("died")
    worst = record(
        case, Story(outage_s=None, silent=2, executed_twice=1, peak_bytes=1 << 30)
    )
    worst.lines[0].beside |= dict.fromkeys(("duplicated", "reordered", "unexpected"), 1)
    worst.lines[0].state[-1] = CLASSES.index("wrong")
    assert loud.lines[0].given_ns[-2]
    loud.lines[0].arrived_ns[-2] = loud.lines[0].given_ns[-2] + int(4e9)
    fault = all_faults()[BUSY]
    verdict, known = judge(loud, fault, True, True, True)
    assert verdict == REPORTED
    verdict, unknown = judge(worst, fault, False, True, True)
    assert verdict == BROKEN
    found = {breach.kind for breach in (*known, *unknown)}
    assert found == set(outcomes.COUNTED)
    without = {BreachKind.LOST, BreachKind.OTHER}
    assert {*outcomes.COUNTED, *outcomes.OF_FAULT} == {*BreachKind} - without


@pytest.mark.parametrize(("after_s", "verdict"), [(2.9, KEPT), (4.0, REPORTED)])
def test_a_client_that_waits_forever_is_judged_by_the_deadline_of_a_reporting_client(
    after_s: float, verdict: str
) -> None:
    case = next(p.case for p in synthetic.planned_cases("quick") if busy(p.case))
    made = record(case, Story())
    first = made.lines[0]
    first.arrived_ns[-1] = first.given_ns[-1] + int(after_s * 1e9)
    fault = all_faults()[BUSY]
    found, said = judge(made, fault, True, True, True)
    assert found == verdict
    assert said == ([Breach(BreachKind.LATE, 1)] if verdict == REPORTED else [])
    without_deadline = judge(made, fault, True, False, True)
    assert without_deadline == (KEPT, [])


def test_a_kept_contract_has_no_breaches() -> None:
    assert read("nothing") == []
    assert read("did not recover, 12 kept waiting") == [
        Breach(BreachKind.NOT_RECOVERED),
        Breach(BreachKind.KEPT_WAITING, 12),
    ]
