"""Response times under an offered load, and how they grow with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bench.analysis.compared_rows import Comparison
from bench.analysis.rows import Estimate, frame
from bench.contract.rows import CaseRow
from bench.report import words
from bench.report.charts import findings, style
from bench.report.charts.rows import (
    color,
    footer_of,
    hollow,
    label,
    labels,
    positions,
    rows_of,
    with_company,
)
from bench.report.charts.speed import rate_tick
from bench.report.charts.style import Chart, Look

COMPARED_LOADS = ("common_50", "own_70")
CURVE = "own_"
LEAST_POINTS = 3
"""A curve has at least so many loads."""


Known = dict[tuple[str, str, str], Estimate]
"""Estimates by program, load and measure."""


def response_rows(rows: Iterable[Estimate], workload: str) -> list[Estimate]:
    """Return every measure of a workload's open-loop cases."""
    asked = (workload, "response")
    return [row for row in rows if (row.case.workload, row.case.quantity) == asked]


def _by_measure(rows: Iterable[Estimate]) -> Known:
    return {(row.case.key, row.case.load, row.measure): row for row in rows}


def _cell(axes: Axes, case: CaseRow, y: float, known: Known, look: Look) -> None:
    """Draw p50 and p99 of one cell, and where p99 would be by the closed loop's clock.

    Without samples enough for p99 there is p50 alone.
    """
    p50, p99, given = (
        known.get((case.key, case.load, measure))
        for measure in ("p50", "p99", "p99_from_given")
    )
    assert p50 is not None
    ink = color(case, look)
    face = style.PAPER if hollow(case) else ink
    end, note = p50.value, words.time_us(p50.value)
    marks = [(end, 14)]
    if p99 is not None and given is not None:
        end = p99.value
        note = f"{note} to {words.time_us(end)}"
        marks.append((end, 9))
        axes.plot([p50.value, end], [y, y], color=ink, linewidth=3)
        axes.plot(
            [given.value], [y], marker="|", markersize=22, color=style.INK,
            markeredgewidth=2.5, zorder=3,
        )  # fmt: skip
    for value, size in marks:
        axes.plot(
            [value], [y], marker=look.markers.get(case.stack, "o"),
            markersize=size, color=ink, markerfacecolor=face, markeredgewidth=2.5,
        )  # fmt: skip
    axes.annotate(
        note, (end, y), (13, 0), textcoords="offset points", va="center",
        fontsize=style.SMALL_PT,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5},
    )  # fmt: skip


def _offered(rows: Iterable[Estimate]) -> str:
    rates = [row.value for row in rows if row.measure == "offered"]
    low, high = words.rate(min(rates)), words.rate(max(rates))
    return f"{low}/s" if low == high else f"{low}/s to {high}/s"


def _heading(load: str, rows: Iterable[Estimate]) -> str:
    return f"{words.load(load)}:\n{_offered(rows)}"


def response(
    rows: Iterable[Estimate], compared: Sequence[Comparison], workload: str, look: Look
) -> Chart | None:
    """Return response times at a load all cells share and at one of their own."""
    mine = response_rows(rows, workload)
    parts = {}
    for load in COMPARED_LOADS:
        if part := with_company([row for row in mine if row.case.load == load]):
            parts[load] = part
    if not parts:
        return None
    shown = [row for part in parts.values() for row in part]
    programs = rows_of(shown)
    at = positions(programs)
    title = f"{words.workload(workload)}: response time under load, p50 and p99"
    topic = f"{words.workload(workload)} under load"
    title = findings.fastest(shown, compared, topic, look) or title
    subtitle = (
        "p50, and p99 with ten samples beyond it, from the intended time. Lower is better"
    )
    figure = style.blank(title, subtitle, footer_of(shown), look)
    made = style.panels(figure, len(parts), left=0.225)
    known = _by_measure(shown)
    drawn = ("p50", "p99", "p99_from_given")
    times = [row.value for row in shown if row.measure in drawn]
    low, high = min(times), max(times)
    room = max(high / low, 3.0) ** 0.75
    for axes, (load, part) in zip(made, parts.items(), strict=True):
        box = axes.get_position()
        axes.set_position((box.x0, box.y0 + 0.02, box.width, box.height - 0.055))
        for row in rows_of(part):
            _cell(axes, row.case, at[row.case.key], known, look)
        what = "response time, \N{MICRO SIGN}s (log scale)"
        style.log_axis(axes, low / 1.3, high * room, what, lambda value: f"{value:g}")
        axes.set_title(_heading(load, part), fontsize=style.LABEL_PT, loc="left", pad=10)
        axes.set_ylim(min(at.values()) - 0.7, 0.7)
        axes.set_yticks([])
    style.row_labels(made[0], labels(programs, at, look))
    _legend(figure)
    name = f"response_{workload}"
    return Chart(name, "response", title, figure, frame(shown), shown)


def _legend(figure: Any) -> None:
    def handle(marker: str, size: float, name: str) -> Line2D:
        return Line2D(
            [], [], marker=marker, color=style.INK, linestyle="none", markersize=size,
            markeredgewidth=2.5, label=name,
        )  # fmt: skip

    handles = [
        handle("o", 13, "p50"),
        handle("o", 8, "p99"),
        handle("|", 18, "p99 counted from when it was given: what a closed loop would say"),
    ]
    figure.legend(
        handles=handles, loc="center left", bbox_to_anchor=(0.01, 0.093), ncols=3,
        frameon=False, fontsize=15, handletextpad=0.4, columnspacing=1.6,
    )  # fmt: skip


def _per_cent(row: Estimate) -> int:
    return int(row.case.load.removeprefix(CURVE))


def _growth(rows: Sequence[Estimate], workload: str, look: Look) -> str:
    """Return how often p99 at the highest load holds that at the lowest, by stack."""
    low, high = min(map(_per_cent, rows)), max(map(_per_cent, rows))
    first = {row.case.key: row.value for row in rows if _per_cent(row) == low}
    last = [r for r in rows if _per_cent(r) == high and r.case.key in first]

    def growth(row: Estimate) -> float:
        return row.value / first[row.case.key]

    said = ", ".join(
        f"{words.stack(row.case.stack, look.stacks)} {words.number(growth(row), digits=2)}"
        for row in findings.best_of_each(last, growth)
    )
    if not said:
        return f"{words.workload(workload)}: p99 response time by offered load"
    what = f"{words.workload(workload)} p99 from {low} to {high} % load"
    return f"{what}, times as long: {said}"


def _time_tick(value_us: float) -> str:
    """Return "100 us" or "10 ms": a time without the digits that a tick never has."""
    if value_us < 1000:
        return f"{value_us:g} \N{MICRO SIGN}s"
    return f"{value_us / 1000:g} ms"


def load_curve(rows: Sequence[Estimate], workload: str, look: Look) -> Chart | None:
    """Return p99 response time by offered load, None with too few loads."""
    known = response_rows(rows, workload)
    mine = [r for r in known if r.case.load.startswith(CURVE) and r.measure == "p99"]
    if len({row.case.load for row in mine}) < LEAST_POINTS:
        return None
    offered = _by_measure(known)
    shown = with_company(mine)
    title = _growth(mine, workload, look)
    subtitle = (
        "Left and low is idle and quick. Each line: 10 to 90 % of what the program can do"
    )
    figure = style.blank(title, subtitle, footer_of(shown), look)
    axes = figure.add_axes((0.085, style.BOTTOM, 0.62, style.TOP - style.BOTTOM + 0.03))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_yscale("log")
    for y, case in enumerate(row.case for row in rows_of(shown)):
        points = [row for row in shown if row.case.key == case.key]
        xs = [offered[case.key, row.case.load, "offered"].value for row in points]
        order = np.argsort(xs)
        axes.plot(
            np.array(xs)[order], np.array([row.value for row in points])[order],
            color=color(case, look), linewidth=3, markersize=11, markeredgewidth=2.5,
            marker=look.markers.get(case.stack, "o"),
            markerfacecolor=style.PAPER if hollow(case) else color(case, look),
            linestyle=("-", "--", "-.", ":")[y % 4] if hollow(case) else "-",
            label=label(case, look),
        )  # fmt: skip
    low, high = axes.get_xlim()
    style.log_axis(axes, max(low, 1.0), high, "offered requests/s (log scale)", rate_tick)
    axes.autoscale(axis="x")
    axes.yaxis.set_major_formatter(lambda value_us, _: _time_tick(value_us))
    axes.set_ylabel("p99 response time (log scale)", fontsize=style.SMALL_PT)
    axes.grid(axis="y", color=style.GRID)
    axes.legend(
        loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False,
        fontsize=style.SMALL_PT, handlelength=3,
    )  # fmt: skip
    name = f"load_curve_{workload}"
    return Chart(name, "response", title, figure, frame(shown), shown)
