"""From trials with a fault to one row per case: verdicts, medians, what never came."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import synthetic
from synthetic_failures import Story, record

from bench.charts import outcomes
from bench.contract import Case
from bench.faults import all_faults
from bench.history import CLASSES
from bench.measure.recovery import BROKEN, KEPT, REPORTED, judge
from bench.recoveries import against, measured, recoveries
from bench.results import load

BUSY = "server_killed_busy"
ZMQ, HTTP = "zmq/minimal/request_reply.py", "http/minimal/request_reply.py"


def busy(case: Case) -> bool:
    return case.fault == BUSY and case.cell.id in (ZMQ, HTTP)


def table_of(
    folder: Path, stories: Callable[[Case], Story], blocks: int = 5
) -> pd.DataFrame:
    return recoveries(
        load(synthetic.make(folder, keep=busy, stories=stories, blocks=blocks))
    )


def row_of(
    folder: Path, *stories: Story, blocks: int | None = None, cell: str = ZMQ
) -> dict[str, Any]:
    """Return the row of a cell whose trials go through these stories in turn."""
    turns = {name: cycle(stories) for name in (ZMQ, HTTP)}

    def next_story(case: Case) -> Story:
        return next(turns[case.cell.id])

    table = table_of(folder, next_story, blocks or len(stories))
    return table[table["cell"] == cell].iloc[0].to_dict()


def test_a_case_is_judged_by_its_worst_trial(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(), Story(silent=7), Story(reported=3, raised=1))
    assert row["verdict"] == BROKEN
    assert row["verdict_trials"] == 1
    assert row["repeats"] == 3
    assert row["against"] == [("lost in silence", 7, 7, 1)]
    assert outcomes.in_a_cell(row) == "lost 7 1/3"


def test_a_report_is_no_silence(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(reported=3, raised=1), Story(reported=5, raised=1))
    assert row["verdict"] == REPORTED
    assert row["told"] == "yes"
    assert outcomes.in_a_cell(row) == "told 5"
    assert outcomes.counted(row) == "3 to 5 reported lost, 1 raised"


def test_what_was_told_is_the_worst_of_it(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(reported=3), Story(silent=3))
    assert row["told"] == "no"


def test_five_trials_have_an_interval_and_four_have_none(tmp_path: Path) -> None:
    five = row_of(tmp_path / "five", Story(outage_s=0.6), blocks=5)
    assert five["outage_low"] <= five["outage_s"] <= five["outage_high"]
    assert five["confidence"] == pytest.approx(1 - 2 / 2**5)
    four = row_of(tmp_path / "four", Story(outage_s=0.6), blocks=4)
    assert math.isnan(four["outage_low"])
    assert four["outage_s"] == pytest.approx(0.61, abs=0.02)


NEVER = Story(outage_s=None)


def test_a_trial_that_never_recovers_is_counted(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(), Story(), Story(), NEVER, NEVER)
    assert math.isfinite(row["outage_s"])
    assert math.isinf(row["outage_high"])
    assert row["not_recovered"] == 2
    assert row["in_place"] == 3


@pytest.mark.parametrize("stories", [(Story(), NEVER), (Story(), NEVER, NEVER)])
def test_a_median_whose_half_never_came_is_longer_than_was_watched(
    stories: tuple[Story, ...], tmp_path: Path
) -> None:
    row = row_of(tmp_path / "run", *stories)
    assert math.isinf(row["outage_s"])
    assert outcomes.seconds(row) == "> 8.5 s"
    assert outcomes.seconds(row, "reconnect") == "> 8.0 s", "counts from healing"


def test_nothing_is_known_better_than_the_distance_between_messages(
    tmp_path: Path,
) -> None:
    story = Story(outage_s=-0.5, healed_s=0.0)
    row = row_of(tmp_path / "run", story)
    assert outcomes.seconds(row, "settle") == "< 0.02 s"


def test_in_place_and_re_entered_are_told_apart(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(), Story(raised=2), Story(raised=3), NEVER)
    assert (row["in_place"], row["re_entered"], row["not_recovered"]) == (1, 2, 1)
    said = "in place in 1 of 4, re-entered in 2 of 4, did not recover in 1 of 4"
    assert outcomes.way(row) == said


def test_lateness_adds_up_over_all_gaps(tmp_path: Path) -> None:
    """A message was late if due in the outage, but for the last tenth of a second."""
    row = row_of(tmp_path / "run", Story(outage_s=0.6))
    assert row["late_s"] == pytest.approx(0.5, abs=0.05)
    never = row_of(tmp_path / "never", NEVER)
    assert outcomes.seconds(never, "late") == "> 8.5 s"


def test_losses_have_a_median_and_a_most(tmp_path: Path) -> None:
    row = row_of(tmp_path / "run", Story(silent=1), Story(silent=2), Story(silent=9))
    assert (row["silent"], row["silent_max"]) == (2, 9)
    assert (row["gone"], row["gone_max"]) == (2, 9)


def test_a_case_without_a_trial_says_why(tmp_path: Path) -> None:
    failing = {ZMQ: "blast: 3 lost\n  logs: nowhere"}
    run = load(synthetic.make(tmp_path / "run", keep=busy, failing=failing, blocks=5))
    table = recoveries(run)
    row = table[table["cell"] == ZMQ].iloc[0]
    assert row["repeats"] == 0
    assert row["reason"] == "blast: 3 lost"
    assert list(measured(table)["cell"]) == [HTTP]
    assert measured(table)["in_place"].dtype == int, "3, not 3.0"


def test_faults_stand_in_the_order_of_the_catalogue(tmp_path: Path) -> None:
    run = load(synthetic.make(tmp_path / "run", keep=lambda case: bool(case.fault)))
    table = recoveries(run)
    order = [name for name in all_faults() if name in set(table["fault"])]
    assert list(dict.fromkeys(table["fault"])) == order
    titles = dict(zip(table["fault"], table["fault_title"], strict=True))
    assert titles == {name: all_faults()[name].title for name in order}


def test_a_run_that_does_not_say_what_its_faults_are_called_still_loads(
    tmp_path: Path,
) -> None:
    run = load(synthetic.make(tmp_path / "run", keep=busy))
    older = replace(run, about={k: v for k, v in run.about.items() if k != "faults"})
    assert set(recoveries(older)["fault_title"]) == {"server killed busy"}
    assert set(recoveries(older)["fault_number"]) == {"F1"}


def test_a_run_without_failures_has_no_row(tmp_path: Path) -> None:
    run = load(synthetic.make(tmp_path / "run", keep=lambda case: not case.fault, blocks=1))
    assert recoveries(run).empty


def test_whatever_speaks_against_a_cell_has_a_word() -> None:
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
    fault = all_faults()[BUSY]
    verdict, known = judge(loud, fault, True, True, True)
    assert verdict == REPORTED
    verdict, unknown = judge(worst, fault, False, True, True)
    assert verdict == BROKEN
    found = {what for said in (known, unknown) for what, _ in against(said)}
    assert found == set(outcomes.WORDS)


def test_a_contract_that_is_kept_has_nothing_against_it() -> None:
    assert list(against("nothing")) == []
    assert list(against("did not recover, 12 kept waiting")) == [
        ("did not recover", 0),
        ("kept waiting", 12),
    ]
    assert outcomes.worst({"verdict": KEPT, "against": []}) == (KEPT, 0)
