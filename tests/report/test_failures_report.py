"""Charts and pages of failures: what the trials said, all of it, and nothing else."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import synthetic
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from once import once, run_made_once
from synthetic_failures import HEALED_S, Story, record

from bench.analysis.comparisons import comparisons
from bench.analysis.estimates import estimates
from bench.analysis.levels import levels as levels_of
from bench.analysis.recovery import VARIANTS, measured, recoveries
from bench.analysis.recovery_rows import LevelRow, Recovery
from bench.analysis.results import Run, load
from bench.analysis.rows import grouped
from bench.contract.model import Case
from bench.contract.rows import by_id
from bench.faults.all_faults import all_faults
from bench.measure.recovery import BROKEN, KEPT, VERDICTS, measure
from bench.report import words
from bench.report.build import build, derive
from bench.report.charts import cuts, failures, outcomes, style, timelines
from bench.report.charts.all import charts, look_of
from bench.report.charts.style import Look
from bench.report.numbers.citation import cite
from bench.report.numbers.numbers import numbers
from bench.report.pages import declared
from bench.report.sections import levels

BUSY = "server_killed_busy"
REFUSED = "zmq/resilient/pipeline.py"
REASON = "blast: 3 lost of 300 messages"
FAILING = {REFUSED: REASON}
HANG = "request_reply.recovery.server_killed_busy.zmq.minimal.python"


def with_faults(case: Case) -> bool:
    happy = case.quantity == "latency" and case.cell.variant.name == "minimal"
    return bool(case.fault) or happy


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of every fault there is, with a cell that conformance refused."""
    how = {"profile": "full", "blocks": 2, "keep": with_faults, "failing": FAILING}
    return run_made_once(tmp_path_factory, "failures run", **how)


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    return load(folder)


@pytest.fixture(scope="module")
def rows(run: Run) -> list[Recovery]:
    return recoveries(run)


@pytest.fixture(scope="module")
def look(run: Run) -> Look:
    return look_of(run, "B")


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few faults, for pages."""
    how = {"blocks": 5, "keep": with_faults, "failing": FAILING}
    return run_made_once(tmp_path_factory, "short failures run", **how)


@pytest.fixture(scope="module")
def out(short: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "failures report", lambda out: build([short], out))


@pytest.fixture(scope="module")
def shown(short: Path) -> list[Recovery]:
    return recoveries(load(short))


def patches(chart: style.Chart) -> list[Rectangle]:
    return [p for p in chart.figure.axes[0].patches if isinstance(p, Rectangle)]


# -- the heat map ------------------------------------------------------------------------


def colours(chart: style.Chart) -> pd.Series:
    found = pd.Series([to_hex(patch.get_facecolor()) for patch in patches(chart)])
    return found.value_counts()


def slides(rows: list[Recovery], workload: str, look: Look) -> list[style.Chart]:
    with rc_context(style.RC):
        return list(failures.of_workload(rows, workload, look))


def of_workload(rows: list[Recovery], workload: str) -> list[Recovery]:
    return [row for row in rows if row.case.workload == workload]


def test_the_heat_maps_have_one_square_for_every_case(
    rows: list[Recovery], look: Look
) -> None:
    for workload in ("request_reply", "fan_out", "pipeline"):
        mine = of_workload(rows, workload)
        found = [colours(chart) for chart in slides(rows, workload, look)]
        total = pd.concat(found).groupby(level=0).sum()
        assert total.sum() == len(mine)
        for verdict in VERDICTS:
            wanted = sum(row.verdict == verdict for row in mine)
            assert total.get(failures.COLORS[verdict], 0) == wanted
        grey = sum(row.repeats == 0 for row in mine)
        assert total.get(failures.NOT_MEASURED_COLOR, 0) == grey


def test_the_overview_shows_the_worst_verdict_of_each_fault_number(
    rows: list[Recovery], look: Look
) -> None:
    both = [row for row in rows if row.case.variant in VARIANTS]
    assert len({row.fault.name for row in both}) > failures.ROWS_MAX
    found = colours(failures.overview(rows, look))
    cells = grouped(both, lambda row: (row.case.cell, row.fault.number)).values()
    assert found.sum() == len(cells)
    known = (None, *VERDICTS)
    worst = [max((row.verdict for row in mine), key=known.index) for mine in cells]
    for verdict in VERDICTS:
        assert found.get(failures.COLORS[verdict], 0) == worst.count(verdict)


@pytest.mark.thorough
def test_an_overview_of_few_faults_shows_each_fault(run: Run, look: Look) -> None:
    names = (BUSY, "server_killed", "link_cut_1s")
    few = [row for row in recoveries(run) if row.fault.name in names]
    both = [row for row in few if row.case.variant in VARIANTS]
    assert colours(failures.overview(few, look)).sum() == len(both)


def test_every_square_of_the_heat_map_has_a_word(rows: list[Recovery], look: Look) -> None:
    """A reader who sees no colour reads the same."""
    for workload in ("request_reply", "pipeline"):
        mine = of_workload(rows, workload)
        said = [
            text.get_text()
            for chart in slides(rows, workload, look)
            for text in chart.figure.axes[0].texts
        ]
        for row in measured(mine):
            assert outcomes.in_a_square(row) in said
        assert said.count("?") == len(mine) - len(measured(mine))


def test_colours_of_verdicts_differ_in_lightness() -> None:
    def lightness(name: str) -> float:
        red, green, blue = (int(name[i : i + 2], 16) for i in (1, 3, 5))
        return (0.299 * red + 0.587 * green + 0.114 * blue) / 255

    light = [lightness(failures.COLORS[verdict]) for verdict in VERDICTS]
    assert light[0] - light[1] > 0.15
    assert light[1] - light[2] > 0.15


@pytest.mark.thorough
def test_the_whole_catalogue_fits_on_slides(rows: list[Recovery], look: Look) -> None:
    with rc_context(style.RC):
        every = [failures.overview(rows, look)]
    for workload in ("request_reply", "fan_out", "pipeline"):
        every += slides(rows, workload, look)
    for chart in every:
        expect_readable(chart)


def expect_readable(chart: style.Chart) -> None:
    figure, axes = chart.figure, chart.figure.axes[0]
    renderer = figure.canvas.get_renderer()
    page = figure.bbox
    for text in (*axes.texts, *figure.texts):
        box = text.get_window_extent(renderer)
        assert box.x0 >= page.x0
        assert box.x1 <= page.x1 + 1, text.get_text()
        assert text.get_fontsize() >= 9, text.get_text()
    boxes = [text.get_window_extent(renderer) for text in axes.texts]
    for cell in (patch.get_window_extent(renderer) for patch in patches(chart)):
        inside = [
            box
            for box in boxes
            if cell.contains((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
        ]
        assert len(inside) == 1
        assert inside[0].width <= cell.width
        assert inside[0].height <= cell.height + 2


def test_a_run_without_failures_has_no_chart_of_any(run: Run) -> None:
    without = replace(run, recovery=run.recovery.iloc[:0], recovery_cases={})
    drawn = charts(without, estimates(run), comparisons(run), recoveries(without), "B")
    assert not {chart.section for chart in drawn} & {"failures", "timelines"}


# -- the timeline ------------------------------------------------------------------------


def history(story: Story) -> dict[str, Any]:
    case = next(p.case for p in synthetic.planned_cases("quick") if p.case.fault == BUSY)
    return measure(case, all_faults()[BUSY], record(case, story)).samples


def test_a_timeline_counts_the_messages_due_in_each_tenth_of_a_second() -> None:
    share = timelines.in_time(history(Story(outage_s=0.6)))
    assert set(share.loc[-10:-1]) == {1.0}
    assert set(share.loc[0:4]) == {0.0}
    assert share.loc[5] == pytest.approx(1.0), "late by less than the deadline"
    assert share.loc[6] == 1.0


def test_a_message_that_never_arrived_is_not_in_time() -> None:
    share = timelines.in_time(history(Story(outage_s=0.3, silent=15)))
    assert set(share.loc[0:2]) == {0.0}
    assert share.loc[3] == 1.0


def test_a_median_exists_only_if_more_than_half_of_the_trials_have_a_value() -> None:
    quick, slow = pd.Series([1.0, 0.0]), pd.Series([1.0, 0.0, 0.0, 0.0])
    shares = pd.concat([quick, quick, slow], axis=1, keys=range(3))
    assert list(timelines.middle(shares).index) == [0, 1], "two had ended well by then"
    assert len(timelines.middle(shares[[2]])) == 4


def test_a_staircase_is_broken_where_nothing_was_due() -> None:
    xs, ys = timelines.steps(pd.Series({-1: 1.0, 0: 1.0, 1: 0.0, 4: 0.5}))
    assert xs == pytest.approx([-0.1, 0.1, 0.1, 0.2, 0.2, 0.4, 0.5])
    assert ys[:4] == [100, 100, 0, 0]
    assert math.isnan(ys[4])
    assert ys[5:] == [50, 50]


def test_a_fault_in_which_nothing_flows_has_no_timeline(
    run: Run, rows: list[Recovery], look: Look
) -> None:
    busy = [row for row in measured(rows) if row.fault.name == BUSY]
    silent = run.recovery["case"].isin([row.case.id for row in busy])
    kept = run.recovery.assign(samples=run.recovery["samples"].mask(silent))
    quiet = replace(run, recovery=kept)
    assert timelines.timeline(quiet, busy, look) is None
    few = [row for row in rows if row.fault.name in (BUSY, "server_killed")]
    drawn = {chart.name for chart in timelines.timelines(quiet, few, look) if chart}
    assert drawn
    assert not any(BUSY in name for name in drawn)


def test_a_fault_in_which_no_message_was_in_time_has_no_timeline(
    run: Run, rows: list[Recovery], look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line at 0 % would look like a failure of programs that kept their contract."""
    busy = [row for row in measured(rows) if row.fault.name == BUSY]
    never = pd.DataFrame({0: [0.0, np.nan], 1: [0.0, 0.0]})
    monkeypatch.setattr(timelines, "trials", lambda *_: never)
    assert timelines.timeline(run, busy, look) is None
    monkeypatch.setattr(timelines, "trials", lambda *_: never.fillna(1.0))
    assert timelines.timeline(run, busy, look) is not None


def test_a_timeline_has_a_strip_for_every_program(
    run: Run, rows: list[Recovery], look: Look
) -> None:
    busy = [row for row in measured(rows) if row.fault.name == BUSY]
    chart = timelines.timeline(run, busy, look)
    assert chart is not None
    strips = chart.figure.axes
    assert len(strips) == len(busy)
    limits = {axes.get_xlim() for axes in strips}
    assert len(limits) == 1, "one time axis for all"
    titles = [axes.get_title(loc="left") for axes in strips]
    assert "minimal: hang" in titles
    for axes, title in zip(strips, titles, strict=True):
        (text,) = (t for t in axes.findobj(Text) if t.get_text() == title)
        assert text.get_window_extent().width <= axes.bbox.width + 1, "no room for it"
    for axes in strips:
        shaded = axes.patches[0].get_extents().transformed(axes.transData.inverted())
        assert shaded.x1 - shaded.x0 == pytest.approx(HEALED_S, abs=0.01)
        xs = np.concatenate([line.get_xdata() for line in axes.lines])
        assert np.nanmax(xs) <= limits.copy().pop()[1] + 1e-9


@pytest.mark.thorough
def test_there_is_a_timeline_where_programs_of_a_variant_come_to_different_verdicts(
    out: Path, shown: Any
) -> None:
    verdicts: dict[tuple[str, str], dict[str, set[object]]] = {}
    for row in measured(shown):
        of_variant = verdicts.setdefault((row.fault.name, row.case.workload), {})
        of_variant.setdefault(row.case.variant, set()).add(row.verdict)
    differ = {
        f"timeline_{fault}_{workload}"
        for (fault, workload), found in verdicts.items()
        if any(len(each) > 1 for each in found.values())
    }
    drawn = {path.stem for path in (out / "figures").glob("timeline_*.svg")}
    assert drawn == differ
    assert 0 < len(drawn) < len(verdicts)


# -- the length of the cut ---------------------------------------------------------------


def of_cut(case: Case) -> Story:
    seconds = float(re.search(r"cut_(\d+)s", case.fault).group(1))
    if case.cell.variant.name != "minimal":
        return Story(outage_s=seconds + 0.2, healed_s=seconds, reported=int(seconds))
    if case.cell.stack.name == "zmq":
        return Story(outage_s=None, healed_s=seconds)
    return Story(outage_s=1.5 * seconds, healed_s=seconds)


@pytest.fixture(scope="module")
def bitten(tmp_path_factory: pytest.TempPathFactory) -> Run:
    def keep(case: Case) -> bool:
        names = "link_cut_1s", "link_cut_4s"
        return case.fault in names and case.cell.workload.name == "request_reply"

    how = {"profile": "full", "blocks": 5, "keep": keep, "stories": of_cut}
    return load(run_made_once(tmp_path_factory, "cuts run", **how))


def lines(axes: Axes) -> list[Line2D]:
    """Return the lines of cells, without the marks of what never came."""
    return [line for line in axes.lines if len(line.get_xdata()) > 1]


def test_recovery_is_drawn_over_the_length_of_the_cut(bitten: Run, look: Look) -> None:
    chart = cuts.lengths(recoveries(bitten), "request_reply", look)
    times, losses = chart.figure.axes
    assert {tuple(line.get_xdata()) for line in lines(times)} == {(1.0, 4.0)}
    ends = [line.get_ydata()[-1] for line in lines(times)]
    labels = {text.get_text() for text in times.texts}
    assert {"ZeroMQ (minimal)", "HTTP (resilient)"} <= labels
    assert np.nanmin(ends) == pytest.approx(0.2, abs=0.03)
    lost = [line.get_ydata()[-1] for line in lines(losses)]
    assert max(lost) > 100, "held forever"
    assert 4 in lost


def test_a_program_that_never_recovered_is_no_point_of_a_line(
    bitten: Run, look: Look
) -> None:
    chart = cuts.lengths(recoveries(bitten), "request_reply", look)
    times = chart.figure.axes[0]
    every = recoveries(bitten)
    never = [row for row in every if math.isinf(row.times["reconnect"].value)]
    assert len(never) == 2
    arrows = [text for text in times.texts if not text.get_text()]
    assert len(arrows) == len(never)
    drawn = np.concatenate([line.get_ydata() for line in lines(times)])
    assert int(np.isnan(drawn).sum()) == len(never)


def test_one_length_is_no_curve(rows: list[Recovery], look: Look) -> None:
    others = [row for row in rows if not row.fault.name.startswith("link_cut")]
    one = [*others, *(row for row in rows if row.fault.name == "link_cut_1s")]
    assert cuts.lengths(one, "request_reply", look) is None


# -- the pages ---------------------------------------------------------------------------


def section_of(out: Path, title: str) -> str:
    text = (out / "REPORT.md").read_text()
    return text.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]


def test_every_fault_has_a_row_with_the_outcome_of_each_program(
    out: Path, shown: Any
) -> None:
    said = section_of(out, "What survives which failure")
    for row in {row.fault.name: row for row in measured(shown)}.values():
        assert f"| {row.fault.number} {row.fault.title} |" in said
    mine = [line for line in said.splitlines() if "| broken (5 of 5 trials) |" in line]
    (hang,) = (line for line in mine if "| ZeroMQ (minimal) |" in line and "hand" in line)
    for words_of_it in ("did not recover", "2 lost in silence", "kept waiting"):
        assert words_of_it in hang


def test_the_answer_counts_contracts_by_stack_and_variant(out: Path) -> None:
    first = section_of(out, "The answer")
    kept = re.search(r"Resilient programs survive: .*HTTP (\d+) of (\d+)", first)
    assert kept
    assert kept.group(1) == kept.group(2)


def test_a_cured_failure_is_shown_with_the_added_statements(out: Path, short: Path) -> None:
    sizes = load(short).sizes
    less, more = (
        sizes[f"zmq/{variant}/request_reply.py"].statements
        for variant in ("minimal", "resilient")
    )
    rows = [
        line for line in section_of(out, "What survives").splitlines() if "| cured" in line
    ]
    mine = [row for row in rows if "did not recover" in row]
    assert len(mine) == 1
    assert mine[0].endswith(f"| {less} to {more} ({more - less:+d}) |")


def test_unmeasured_cases_are_listed_with_their_reason(out: Path, shown: Any) -> None:
    rows = section_of(out, "What survives").split("### Not measured", 1)[1].split("###")[0]
    mine = [line for line in rows.splitlines() if line.startswith(f"| {REFUSED}")]
    assert len(mine) == sum(row.case.cell == REFUSED for row in shown)
    assert all(REASON in line for line in mine)


def test_a_program_with_trials_of_faults_only_is_in_the_plan(out: Path) -> None:
    assert (
        "| zmq/resilient/request_reply.py |  |  | not in this plan"
        not in (out / "REPORT.md").read_text()
    )


def test_levels_are_shown_with_their_statements(out: Path, short: Path) -> None:
    table = section_of(out, "What survives").split("### Levels", 1)[1].split("###")[0]
    sizes = load(short).sizes
    lines = {
        line.split(" | ")[1]: line for line in table.splitlines() if "Request/" in line
    }
    hangs, survives = lines["ZeroMQ (minimal)"], lines["ZeroMQ (resilient)"]
    less, more = (
        sizes[f"zmq/{v}/request_reply.py"].statements for v in ("minimal", "resilient")
    )
    assert f"| L0 | {less} |" in hangs
    assert "server_killed_busy: did not recover" in hangs
    untested = "L1; L2 not tested"
    assert f"| {untested} | {more} | {more - less:+d} |" in survives
    assert f"| {untested} |" in lines["ZeroMQ (reconnecting)"]
    assert "faults of L2 were not tried (power_lost, " in survives


def test_a_run_of_few_faults_calls_no_program_the_shortest_at_equal_guarantees(
    out: Path,
) -> None:
    question = "Which is shortest at equal guarantees?"
    (line,) = (
        text for text in section_of(out, "The answer").splitlines() if question in text
    )
    assert "Not tested." in line
    assert "did not try every fault of level L2" in line
    assert "ZeroMQ" not in line


# -- numbers -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def entries(out: Path) -> dict[str, dict[str, Any]]:
    return {e["id"]: e for e in json.loads((out / "numbers.json").read_text())}


def test_every_case_with_a_result_has_its_numbers(entries: Any, shown: Any) -> None:
    for row in measured(shown):
        case = row.case
        entry = entries[f"{case.workload}.recovery.{row.fault.name}.{case.key}"]
        assert entry["verdict"] == row.verdict
        assert entry["blocks"] == row.repeats == 5
        assert entry["unit"] == "s"
    refused = "pipeline.recovery", "zmq.resilient.python"
    assert not [n for n in entries if n.startswith(refused[0]) and n.endswith(refused[1])]


def test_an_outage_that_never_ended_has_no_value(entries: Any, out: Path) -> None:
    entry = entries[HANG]
    assert entry["value"] is None
    assert entry["verdict"] == BROKEN
    said = cite(HANG, out / "numbers.json")
    assert "outage > 8.5 s" in said
    assert "broken in 5 of 5 trials" in said
    assert "server killed with requests in hand" in said


def test_a_loss_is_citable_with_its_count(entries: Any) -> None:
    entry = entries["fan_out.recovery_silent.server_killed.zmq.minimal.python"]
    assert entry["unit"] == "messages"
    assert 30 <= entry["value"] <= 32
    assert entry["ci_low"] <= entry["value"] <= entry["ci_high"]


def test_a_level_is_citable(entries: Any, out: Path) -> None:
    entry = entries["request_reply.level.zmq.reconnecting.python"]
    assert (entry["value"], entry["unit"]) == (1, "level")
    assert "request_reply.level.zmq.resilient.python" not in entries, "L2 is not tested"
    said = cite("request_reply.level.zmq.minimal.python", out / "numbers.json")
    assert "at level L0 of 2" in said
    assert "did not recover" in said


def test_survivors_have_their_size_among_the_numbers(entries: Any) -> None:
    assert "request_reply.size.statements.zmq.reconnecting.python" in entries


def test_the_page_of_comparisons_has_levels_and_the_map(out: Path) -> None:
    block = declared.text(list(json.loads((out / "numbers.json").read_text())))
    assert "figures/failures.svg" in block
    assert re.search(r"\| Request/reply, minimal \| L0 \(\d+ statements\) ", block)


def _standing(stack: str, variant: str, level: int, said: str = "") -> dict[str, Any]:
    return {
        "kind": "level",
        "id": f"fan_out.level.{stack}.{variant}.python",
        "cells": [f"{stack}/{variant}/fan_out.py"],
        "labels": [f"{stack} ({variant})"],
        "value": level,
        "sentence": f"{stack} ({variant}){said}, at level L{level} of 2",
        "short": f"L{level}{said}",
    }


def test_the_comparisons_name_minimal_programs_that_need_no_resilient_one() -> None:
    entries = [
        _standing("raw_socket", "minimal", 0),
        _standing("zmq", "minimal", 1, ", may lose"),
        _standing("zmq", "lossless", 1),
        _standing("raw_socket", "reconnecting", 1),
        _standing("zmq", "resilient", 2),
    ]
    rows = [line for line in declared.levels_table(entries) if line.startswith("| Fan-out")]
    assert rows == [
        "| Fan-out, minimal | L0 | L1, may lose |",
        "| Fan-out, lossless | (same as minimal) | L1 |",
        "| Fan-out, reconnecting | L1 | (same as minimal) |",
        f"| Fan-out, resilient | {words.PASSED_OVER} | L2 |",
    ]


def test_old_runs_have_no_number_of_failures(run: Run) -> None:
    without = replace(run, recovery=run.recovery.iloc[:0], recovery_cases={})
    made = numbers(derive(without, draw=False))
    assert made
    assert "recovery" not in {entry["kind"] for entry in made}
    assert KEPT not in {entry["verdict"] for entry in made}


@pytest.mark.thorough
def test_a_run_of_failures_alone_has_its_report(tmp_path: Path) -> None:
    def keep(case: Case) -> bool:
        return bool(case.fault) and case.cell.variant.name == "resilient"

    folder = build([synthetic.make(tmp_path / "run", keep=keep)], tmp_path / "out").parent
    assert "Resilient programs survive: " in section_of(folder, "The answer")


def test_a_resilient_program_that_fails_cures_no_fault(tmp_path: Path) -> None:
    def keep(case: Case) -> bool:
        return case.fault == BUSY and case.cell.stack.name == "zmq"

    folder = synthetic.make(tmp_path / "run", keep=keep, stories=lambda _: Story(silent=3))
    made = levels.cures(derive(load(folder), draw=False))
    assert len(made.rows) == 1
    assert "broken: 3 lost in silence (3 of 3 trials)" in made.rows[0]
    assert "cured" not in " ".join(made.rows[0])


def test_a_fault_that_does_not_apply_to_a_program_costs_it_no_level(run: Run) -> None:
    """The death of a middle is met by cells that have one."""
    assert level_in(run, "zmq/resilient/request_reply.py").level == "L2"
    variants = {case.variant for case in run.recovery_cases.values()}
    assert variants > {"minimal", "reconnecting", "resilient"}


def level_in(run: Run, cell: str) -> LevelRow:
    return next(row for row in levels_of(run) if row.program.cell == cell)


def test_a_level_whose_faults_were_not_all_tried_is_not_tested(run: Run) -> None:
    trials, cases = run.recovery, run.recovery_cases.values()
    some = replace(
        run,
        recovery=trials[trials["fault"] != "link_reset"],
        recovery_cases=by_id(case for case in cases if case.fault != "link_reset"),
    )
    row = level_in(some, "zmq/resilient/request_reply.py")
    assert (row.level, row.not_tested) == ("L1", "L2")
    assert "(link_reset)" in row.amiss
    assert levels.spelled(row) == "L1; L2 not tested"
