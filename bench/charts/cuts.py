"""Recovery and losses against the length of a cut of the link."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from bench.charts import outcomes, style, words
from bench.charts.distribution import spread
from bench.charts.failures import case_line
from bench.charts.outcomes import tier_order
from bench.charts.rows import color
from bench.charts.style import PAPER, Chart, Look
from bench.comparisons import stack_order
from bench.frames import records
from bench.recoveries import measured

CUT = "F6"
"""The number in the catalogue of a link that is cut silently."""
LEAST_LENGTHS = 2
LINES = {"minimal": "--", "heartbeats": ":", "resilient": "-"}
Value = Callable[[dict[str, Any]], tuple[float, float]]
LEAST_S = 0.1
"""Below this the axis of times is linear, down to 0."""


def rows_of(table: pd.DataFrame, workload: str) -> pd.DataFrame:
    """Return the rows of a workload's cuts, the shortest first in each cell."""
    if table.empty or not len(measured(table)):
        return table.iloc[:0]
    shown = measured(table)
    mine = shown[(shown["workload"] == workload) & (shown["fault_number"] == CUT)]
    lengths_s = mine.groupby("fault")["healed_s"].transform("median")
    return mine.assign(length_s=lengths_s).sort_values("length_s", kind="stable")


def _points(
    axes: Axes, rows: list[dict[str, Any]], value: Value, look: Look
) -> tuple[float, float]:
    """Draw one cell's line and return where it ends.

    What took longer than the trials were watched is no point of the line: it stands where
    watching ended, with an arrow upwards.
    """
    head = rows[0]
    ink, solid = color(head, look), head["variant"] == "resilient"
    marked: Any = {
        "color": ink, "marker": look.markers.get(str(head["stack"]), "o"),
        "markersize": 12, "markeredgewidth": 2.5,
        "markerfacecolor": ink if solid else PAPER, "clip_on": False,
    }  # fmt: skip
    lasting = [row["length_s"] for row in rows]
    known = [value(row) for row in rows]
    style_of = LINES.get(head["variant"], "-.")
    axes.plot(lasting, [y for y, _ in known], linewidth=3, linestyle=style_of, **marked)
    for x, (y, waited) in zip(lasting, known, strict=True):
        if math.isnan(y):
            axes.plot([x], [waited], **marked)
            axes.annotate(
                "", (x, waited), (0, 34), textcoords="offset points",
                arrowprops={"arrowstyle": "<-", "color": ink, "linewidth": 3},
            )  # fmt: skip
    last, waited = known[-1]
    return lasting[-1], waited if math.isnan(last) else last


def _recovery(row: dict[str, Any]) -> tuple[float, float]:
    """Return the median after healing, nan where it never came; and how long was waited."""
    value = float(row["reconnect_s"])
    waited_s = outcomes.watched_s(row, "reconnect")
    return value if math.isfinite(value) else math.nan, waited_s


def _gone(row: dict[str, Any]) -> tuple[float, float]:
    return float(row["gone"]), 0.0


def _axis(axes: Axes, lengths: list[float], linear: float, title: str) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xlim(lengths[0] / 1.25, lengths[-1] * 1.25)
    axes.set_xticks(lengths)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yscale("symlog", linthresh=linear, linscale=0.4)
    axes.set_ylim(-0.2 * linear, 2 * axes.get_ylim()[1])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.grid(axis="y", color=style.GRID)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("length of the cut, s", fontsize=style.SMALL_PT)
    axes.set_title(title, fontsize=style.LABEL_PT, loc="left", pad=12)


def _names(axes: Axes, ends: list[tuple[str, tuple[float, float], str]]) -> None:
    """Write each line's name right of its end, moved apart where they would overlap."""
    transform = axes.transData.transform
    box = axes.get_window_extent()
    high = [(transform(end)[1] - box.y0) / box.height for _, end, _ in ends]
    placed = spread(high, 0.075)
    for (name, end, ink), y in zip(ends, placed, strict=True):
        axes.annotate(
            name, end, (1.09, y),
            textcoords=axes.transAxes, va="center", fontsize=15, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": ink, "lw": 1, "relpos": (0, 0.5)},
        )  # fmt: skip


def _panels(figure: Figure) -> tuple[Axes, Axes]:
    bottom, high = style.BOTTOM - 0.02, style.TOP - style.BOTTOM
    left = figure.add_axes((0.06, bottom, 0.31, high))
    right = figure.add_axes((0.66, bottom, 0.31, high))
    return left, right


def _title(shown: pd.DataFrame, workload: str) -> str:
    """Return how soon each tier is back after the longest cut, its slowest cell."""
    longest_s = float(shown["length_s"].max())
    last = shown[shown["length_s"] == longest_s]
    said = []
    for tier in sorted(set(last["variant"]), key=tier_order):
        slowest_s = float(last.loc[last["variant"] == tier, "reconnect_s"].max())
        within = f"within {words.number(slowest_s, digits=2)} s"
        said.append(f"{tier} {within if math.isfinite(slowest_s) else 'not all'}")
    cut = f"{words.workload(workload)} after a cut of {longest_s:.0f} s is back"
    return f"{cut}: {', '.join(said)}"


def lengths(table: pd.DataFrame, workload: str, look: Look) -> Chart | None:
    """Return recovery time and losses against the length of a silent cut.

    None where the run has too few lengths.
    """
    shown = rows_of(table, workload)
    if shown.empty or shown["fault"].nunique() < LEAST_LENGTHS:
        return None
    title = _title(shown, workload)
    subtitle = (
        "Medians. Dashed: minimal, no heartbeats; dotted: heartbeats and nothing else; "
        "solid: resilient, heartbeats or time limits"
    )
    figure = style.blank(title, subtitle, case_line(shown), look)
    times, losses = _panels(figure)
    cuts = [float(length_s) for length_s in shown["length_s"].unique()]
    cells = shown.drop_duplicates("key")
    order = sorted(
        records(cells),
        key=lambda r: (-stack_order(r["stack"])[0], r["stack"], tier_order(r["variant"])),
    )
    ends = []
    for cell in order:
        rows = records(shown[shown["key"] == cell["key"]])
        end = _points(times, rows, _recovery, look)
        _points(losses, rows, _gone, look)
        ends.append((words.cell(cell, look.stacks), end, color(cell, look)))
    first = "seconds after healing until messages get through"
    _axis(times, cuts, LEAST_S, first)
    _axis(losses, cuts, 1.0, "messages lost, in silence or told")
    _names(times, ends)
    return Chart(f"cuts_{workload}", "failures", title, figure, shown)
