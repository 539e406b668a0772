"""Runs over each other: declared comparisons, with a mark for each run."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.analysis.compared_rows import Comparison
from bench.analysis.rows import frame
from bench.analysis.stats import MARGIN, Verdict
from bench.report import words
from bench.report.charts import style
from bench.report.charts.ratios import (
    MARGIN_COLOR,
    NAMES_PT,
    SUBTITLE,
    footer,
    name_rows,
    ratio_axis,
    spans,
    spoken,
)
from bench.report.charts.style import Chart, Look

COLORS = ("#1a1a1b", "#1f5fa8", "#b3306b", "#8a6d00", "#00785a", "#6b4fa0")
MARKERS = "osD^vP"
SPREAD = 0.56
"""How much of a row the marks of all runs take, from the first to the last."""
BETWEEN_GROUPS = 1.1
RUNS_MAX = len(MARKERS)
LABELLED_MAX = 2
"""With more runs the numbers would be too small to read: they stand in the table."""

Place = tuple[str, str]


@dataclass(frozen=True)
class Overlaid:
    """The results of several runs for what the first of them declared.

    ``runs`` are comparisons by the name of the run, the first run first. All runs have
    ``complete`` of them, and agree on ``agreed``. ``noun`` says by what runs are called.
    """

    runs: Mapping[str, Sequence[Comparison]]
    complete: int
    agreed: int
    noun: str = "run"


def _title(found: Overlaid, placement: str) -> str:
    where = words.PLACEMENTS_SHORT[placement]
    said = f"{found.agreed} of {words.plural(found.complete, 'declared comparison')}"
    return (
        f"{where[:1].upper()}{where[1:]}: {len(found.runs)} {found.noun}s agree on {said}"
    )


def _places(pairs: Iterable[Comparison], look: Look) -> dict[Place, float]:
    """Return the y of each (workload, pair), with room for a workload's name above."""
    found: dict[Place, float] = {}
    y, before = 0.0, None
    for pair in pairs:
        place = (pair.a.workload, spoken(pair, look))
        if place in found:
            continue
        if place[0] != before:
            y -= BETWEEN_GROUPS
            before = place[0]
        found[place] = y
        y -= 1
    return found


def _draw(
    axes: Axes,
    found: Mapping[str, Sequence[Comparison]],
    at: dict[Place, float],
    look: Look,
) -> None:
    axes.axvspan(1 / MARGIN, MARGIN, color=MARGIN_COLOR, zorder=0.5)
    axes.axvline(1, color=style.INK, linewidth=1.5)
    for number, pairs in enumerate(found.values()):
        for pair in pairs:
            off = SPREAD * (0.5 - number / max(1, len(found) - 1))
            y = at[pair.a.workload, spoken(pair, look)] + off
            _mark(axes, pair, y, number, named=len(found) <= LABELLED_MAX)
    axes.set_ylim(min(at.values()) - 0.7, max(at.values()) + 1.3)


def _mark(axes: Axes, pair: Comparison, y: float, number: int, *, named: bool) -> None:
    color, times = COLORS[number], pair.times
    if not times.too_few_blocks:
        axes.plot([times.low, times.high], [y, y], color=color, linewidth=3.5)
    decided = pair.verdict != Verdict.INCONCLUSIVE
    axes.plot(
        [times.ratio], [y], marker=MARKERS[number], color=color, markersize=9,
        markerfacecolor=color if decided else style.PAPER, markeredgewidth=2,
    )  # fmt: skip
    if not named:
        return
    ends = [v for v in (times.ratio, times.low, times.high) if not math.isnan(v)]
    below = times.ratio < 1
    axes.annotate(
        words.times(times.ratio), (min(ends) if below else max(ends), y),
        (-11 if below else 11, 0), textcoords="offset points", va="center",
        ha="right" if below else "left", fontsize=13.5, color=color,
    )  # fmt: skip


def _legend(figure: Figure, runs: Sequence[str]) -> None:
    handles: list[Any] = [
        Line2D([], [], marker=MARKERS[n], color=COLORS[n], linewidth=3.5, label=name)
        for n, name in enumerate(runs)
    ]
    hollow = Line2D(
        [], [], marker="o", color=style.MUTED, markerfacecolor=style.PAPER,
        markeredgewidth=2, linestyle="none", label="undecided",
    )  # fmt: skip
    figure.legend(
        handles=[*handles, hollow], loc="center left", bbox_to_anchor=(0.01, 0.093),
        ncols=4, frameon=False, fontsize=14, handletextpad=0.5, columnspacing=1.6,
    )  # fmt: skip


def overlay(found: Overlaid, placement: str, look: Look) -> Chart:
    """Return the comparisons of a placement with a mark for each run.

    Ratios only: they hold across machines.
    """
    pairs = [pair for mine in found.runs.values() for pair in mine]
    at = _places(pairs, look)
    heading = _title(found, placement)
    sourced = replace(
        look, source=f"{found.noun}s {', '.join(found.runs)}  |  loopback, one machine each"
    )
    figure = style.blank(heading, SUBTITLE, footer(pairs), sourced)
    axes = style.panels(figure, 1, left=0.37)[0]
    low, high = spans(pairs)
    room = (high / low) ** 0.15
    _draw(axes, found.runs, at, look)
    ratio_axis(axes, low / room, high * room, "times faster (log scale)")
    name_rows(axes, at, NAMES_PT, above=0.85)
    _legend(figure, list(found.runs))
    runs = [name for name, mine in found.runs.items() for _ in mine]
    table = frame(pairs).assign(run=runs)
    name = f"{found.noun}s"
    return Chart(f"{name}_{placement}", name, heading, figure, table, pairs)
