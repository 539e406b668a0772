"""Response times under an offered load, and how they grow with it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from bench.charts import findings, style, words
from bench.charts.rows import color, hollow, label, labels, positions, rows_of, with_company
from bench.charts.speed import rate_tick
from bench.charts.style import Chart, Look
from bench.frames import records

COMPARED_LOADS = ("common_50", "own_70")
CURVE = "own_"
LEAST_POINTS = 3
"""A curve has at least so many loads."""


def response_rows(table: pd.DataFrame, workload: str) -> pd.DataFrame:
    """Return every measure of a workload's open-loop cases."""
    return table[(table["workload"] == workload) & (table["quantity"] == "response")]


def _by_measure(table: pd.DataFrame) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(r["key"], r["load"], r["measure"]): r for r in records(table)}


def _cell(
    axes: Axes,
    row: dict[str, Any],
    y: float,
    known: dict[tuple[str, str, str], dict[str, Any]],
    look: Look,
) -> None:
    """Draw p50 and p99 of one cell, and where p99 would be by the closed loop's clock."""
    key, load = row["key"], row["load"]
    p50, p99, given = (
        known[key, load, measure] for measure in ("p50", "p99", "p99_from_given")
    )
    ink = color(row, look)
    axes.plot([p50["value"], p99["value"]], [y, y], color=ink, linewidth=3)
    face = style.PAPER if hollow(row) else ink
    for measure, size in ((p50, 14), (p99, 9)):
        axes.plot(
            [measure["value"]], [y], marker=look.markers.get(str(row["stack"]), "o"),
            markersize=size, color=ink, markerfacecolor=face, markeredgewidth=2.5,
        )  # fmt: skip
    axes.plot(
        [given["value"]], [y], marker="|", markersize=22, color=style.INK,
        markeredgewidth=2.5,
    )  # fmt: skip
    note = f"{words.time_us(p50['value'])} to {words.time_us(p99['value'])}"
    axes.annotate(
        note, (p99["value"], y), (13, 0), textcoords="offset points", va="center",
        fontsize=style.SMALL_PT,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5},
    )  # fmt: skip


def _offered(part: pd.DataFrame) -> str:
    rates = part[part["measure"] == "offered"]["value"]
    low, high = words.rate(float(rates.min())), words.rate(float(rates.max()))
    return f"{low}/s" if low == high else f"{low}/s to {high}/s"


def _heading(load: str, part: pd.DataFrame) -> str:
    return f"{words.load(load)}:\n{_offered(part)}"


def response(
    table: pd.DataFrame, compared: pd.DataFrame, workload: str, look: Look
) -> Chart | None:
    """Return response times at a load all cells share and at one of their own."""
    mine = response_rows(table, workload)
    parts = {}
    for load in COMPARED_LOADS:
        part = mine[mine["load"] == load]
        part = with_company(part) if len(part) else part
        if len(part):
            parts[load] = part
    if not parts:
        return None
    shown = pd.concat(list(parts.values()))
    rows = rows_of(shown)
    at = positions(rows)
    title = f"{words.workload(workload)}: response time under load, p50 and p99"
    topic = f"{words.workload(workload)} under load"
    title = findings.fastest(shown, compared, topic, look) or title
    subtitle = "p50 and p99, from the intended time. Lower is better. Poisson arrivals"
    figure = style.blank(title, subtitle, style.footer(shown), look)
    made = style.panels(figure, len(parts), left=0.225)
    known = _by_measure(shown)
    times = shown[shown["measure"].isin(("p50", "p99", "p99_from_given"))]["value"]
    low, high = float(times.min()), float(times.max())
    room = max(high / low, 3.0) ** 0.75
    for axes, (load, part) in zip(made, parts.items(), strict=True):
        box = axes.get_position()
        axes.set_position((box.x0, box.y0 + 0.02, box.width, box.height - 0.055))
        for row in rows_of(part):
            _cell(axes, row, at[str(row["key"])], known, look)
        what = "response time, \N{MICRO SIGN}s (log scale)"
        style.log_axis(axes, low / 1.3, high * room, what, lambda value: f"{value:g}")
        axes.set_title(_heading(load, part), fontsize=style.LABEL_PT, loc="left", pad=10)
        axes.set_ylim(min(at.values()) - 0.7, 0.7)
        axes.set_yticks([])
    style.row_labels(made[0], labels(rows, at, look))
    _legend(figure)
    return Chart(f"response_{workload}", "response", title, figure, shown)


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


def _growth(table: pd.DataFrame, workload: str, look: Look) -> str:
    """Return how often p99 at the highest load holds that at the lowest, by stack."""
    percent = table["load"].str.removeprefix(CURVE).astype(int)
    ends = {
        name: table[percent == end]
        for name, end in (("first", percent.min()), ("last", percent.max()))
    }
    first = ends["first"].set_index("key")["value"]
    grown = ends["last"].assign(growth=lambda rows: rows["value"] / rows["key"].map(first))
    best = findings.best_of_each(records(grown.dropna(subset="growth")), "growth")
    names = [words.stack(str(row["stack"]), look.stacks) for row in best]
    times = [words.number(row["growth"], digits=2) for row in best]
    said = ", ".join(f"{n} {t}" for n, t in zip(names, times, strict=True))
    what = f"{words.workload(workload)} p99 from {percent.min()} to {percent.max()} % load"
    return f"{what}, times as long: {said}"


def _time_tick(value_us: float) -> str:
    """Return "100 us" or "10 ms": a time without the digits that a tick never has."""
    if value_us < 1000:
        return f"{value_us:g} \N{MICRO SIGN}s"
    return f"{value_us / 1000:g} ms"


def load_curve(table: pd.DataFrame, workload: str, look: Look) -> Chart | None:
    """Return p99 response time against the offered load, None with too few loads."""
    mine = response_rows(table, workload)
    mine = mine[mine["load"].str.startswith(CURVE) & (mine["measure"] == "p99")]
    if mine["load"].nunique() < LEAST_POINTS:
        return None
    offered = _by_measure(response_rows(table, workload))
    shown = with_company(mine)
    title = _growth(mine, workload, look)
    subtitle = (
        "Left and low is idle and quick. Each line: 10 to 90 % of what the cell can do"
    )
    figure = style.blank(title, subtitle, style.footer(shown), look)
    axes = figure.add_axes((0.085, style.BOTTOM, 0.62, style.TOP - style.BOTTOM + 0.03))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_yscale("log")
    for y, row in enumerate(rows_of(shown)):
        points = shown[shown["key"] == row["key"]]
        xs = [offered[row["key"], load, "offered"]["value"] for load in points["load"]]
        order = np.argsort(xs)
        axes.plot(
            np.array(xs)[order], points["value"].to_numpy()[order],
            color=color(row, look), linewidth=3, markersize=11, markeredgewidth=2.5,
            marker=look.markers.get(str(row["stack"]), "o"),
            markerfacecolor=style.PAPER if hollow(row) else color(row, look),
            linestyle=("-", "--", "-.", ":")[y % 4] if hollow(row) else "-",
            label=label(row, look),
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
    return Chart(f"load_curve_{workload}", "response", title, figure, shown)
