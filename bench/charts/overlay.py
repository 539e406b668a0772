"""Runs over each other: the ratios that they claim, a mark for each run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bench.charts import style, words
from bench.charts.ratios import MARGIN, MARGIN_COLOR, NAMES_PT, name_rows, spoken
from bench.charts.style import Chart, Look
from bench.comparisons import of_kind
from bench.frames import records
from bench.stats import INCONCLUSIVE

COLORS = ("#1a1a1b", "#1f5fa8", "#b3306b", "#8a6d00", "#00785a", "#6b4fa0")
MARKERS = "osD^vP"
SPREAD = 0.56
"""How much of a row the marks of all runs take, from the first to the last."""
BETWEEN_GROUPS = 1.1
RUNS_MAX = len(MARKERS)
LABELLED_MAX = 2
"""With more runs the numbers would be too small to read: they stand in the table."""

Place = tuple[str, str]


def claims_by_run(
    compared: Sequence[tuple[str, pd.DataFrame]], placement: str
) -> pd.DataFrame:
    """Return what runs found of the claims that the first makes, with a column ``run``.

    ``compared`` are names of runs with their ``comparisons``; what is a claim in the first
    may be an exploratory comparison in another.
    """
    columns = ["name", "key_a", "key_b"]
    first = of_kind(compared[0][1], "claim")
    if first.empty:
        return first
    wanted = first.loc[first["placement"] == placement, columns]
    parts = [
        wanted.merge(table, on=columns, how="inner").assign(run=name)
        for name, table in compared[:RUNS_MAX]
        if len(table)
    ]
    return pd.concat(parts, ignore_index=True)


def _title(table: pd.DataFrame, placement: str, runs: int) -> str:
    claims = table.groupby(["name", "key_a", "key_b"])
    whole = [rows for _, rows in claims if len(rows) == runs]
    alike = sum(rows["verdict"].nunique() == 1 for rows in whole)
    where = words.PLACEMENTS_SHORT[placement]
    said = f"{alike} of {words.plural(len(whole), 'claim')}"
    return f"{where[:1].upper()}{where[1:]}: {runs} runs say the same of {said}"


def _places(table: pd.DataFrame, look: Look) -> dict[Place, float]:
    """Return the y of each (workload, pair), with room for a workload's name above."""
    found: dict[Place, float] = {}
    y, before = 0.0, None
    for pair in records(table):
        place = (str(pair["workload"]), spoken(pair, look))
        if place in found:
            continue
        if place[0] != before:
            y -= BETWEEN_GROUPS
            before = place[0]
        found[place] = y
        y -= 1
    return found


def _draw(axes: Axes, table: pd.DataFrame, at: dict[Place, float], look: Look) -> None:
    runs = list(dict.fromkeys(table["run"]))
    axes.axvspan(1 / MARGIN, MARGIN, color=MARGIN_COLOR, zorder=0.5)
    axes.axvline(1, color=style.INK, linewidth=1.5)
    for pair in records(table):
        number = runs.index(pair["run"])
        off = SPREAD * (0.5 - number / max(1, len(runs) - 1))
        y = at[str(pair["workload"]), spoken(pair, look)] + off
        color = COLORS[number]
        if not math.isnan(pair["low"]):
            axes.plot([pair["low"], pair["high"]], [y, y], color=color, linewidth=3.5)
        decided = pair["verdict"] != INCONCLUSIVE
        axes.plot(
            [pair["ratio"]], [y], marker=MARKERS[number], color=color, markersize=9,
            markerfacecolor=color if decided else style.PAPER, markeredgewidth=2,
        )  # fmt: skip
        if len(runs) > LABELLED_MAX:
            continue
        ends = [v for v in (pair["ratio"], pair["low"], pair["high"]) if not math.isnan(v)]
        below = pair["ratio"] < 1
        axes.annotate(
            words.number(pair["ratio"]), (min(ends) if below else max(ends), y),
            (-11 if below else 11, 0), textcoords="offset points", va="center",
            ha="right" if below else "left", fontsize=13.5, color=color,
        )  # fmt: skip
    axes.set_ylim(min(at.values()) - 0.7, max(at.values()) + 1.3)


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


def overlay(
    compared: Sequence[tuple[str, pd.DataFrame]], placement: str, look: Look
) -> Chart | None:
    """Return the claims of a placement with a mark for each run, None without any.

    ``compared`` are as of ``claims_by_run``. Ratios only: they hold across machines.
    """
    table = claims_by_run(compared, placement)
    if table.empty or table["run"].nunique() < 2:
        return None
    runs = list(dict.fromkeys(table["run"]))
    at = _places(table, look)
    heading = _title(table, placement, len(runs))
    sourced = replace(look, source=f"runs {', '.join(runs)}  |  loopback, one machine each")
    subtitle = "Time of the first over time of the second: left of 1 the first is faster"
    figure = style.blank(heading, subtitle, style.footer(table), sourced)
    axes = style.panels(figure, 1, left=0.27)[0]
    values = table[["ratio", "low", "high"]].to_numpy(dtype=float)
    low, high = min(np.nanmin(values), 0.8), max(np.nanmax(values), 1.25)
    room = (high / low) ** 0.15
    _draw(axes, table, at, look)
    style.log_axis(axes, low / room, high * room, "ratio of times", lambda v: f"{v:g}")
    axes.xaxis.labelpad = 2
    name_rows(axes, at, NAMES_PT, above=0.85)
    _legend(figure, runs)
    return Chart(f"runs_{placement}", "runs", heading, figure, table)
