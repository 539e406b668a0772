"""Every sample of round trips and of response times, by percentile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator
from numpy.typing import NDArray

from bench.charts import style, words
from bench.charts.findings import best_of_each, said_of
from bench.charts.rows import color, hollow, label, rows_of, with_company
from bench.charts.speed import usual
from bench.charts.style import Chart, Look
from bench.comparisons import in_one_language
from bench.frames import records
from bench.results import Run
from bench.stats import TAIL_SAMPLES

POINTS = 160
RAREST = 10_000.0
"""One in how many is the rarest sample that is still drawn."""
COMMON_LOAD = "common_50"
TICKS = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999)
TAIL = "p99_us"
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
LEAST_APART = 0.055
"""How far apart labels at the right end stand at least, as a share of the axis."""


def spectrum(samples_ns: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return 1/(1-q) and the latency in microseconds there, for sorted-out percentiles.

    Ends where fewer than ten samples are expected beyond q.
    """
    beyond = min(RAREST, max(2.0, len(samples_ns) / TAIL_SAMPLES))
    scale = np.geomspace(1.0, beyond, POINTS)
    ordered = np.sort(samples_ns)
    ranks = np.clip(np.ceil(len(ordered) * (1 - 1 / scale)).astype(int) - 1, 0, None)
    return scale, ordered[ranks] / 1e3


def spread(values: list[float], apart: float) -> list[float]:
    """Return positions in the order of ``values``, each ``apart`` from the last."""
    order = sorted(range(len(values)), key=lambda index: values[index])
    placed: dict[int, float] = {}
    last = -np.inf
    for index in order:
        last = max(values[index], last + apart)
        placed[index] = last
    # What was pushed up on the whole is let down again by half.
    excess = max(0.0, max(placed.values()) - max(values)) / 2
    return [placed[index] - excess for index in range(len(values))]


def _draw(axes: Axes, rows: list[dict[str, Any]], lines: list[Any], look: Look) -> None:
    seen: dict[str, int] = {}
    for row, (scale, value_us) in zip(rows, lines, strict=True):
        turn = seen[row["stack"]] = seen.get(row["stack"], -1) + 1
        axes.plot(
            scale, value_us, color=color(row, look), linewidth=3.5,
            linestyle=LINES[turn % len(LINES)],
            marker=look.markers.get(str(row["stack"]), "o"), markevery=POINTS // 5,
            markersize=11, markeredgewidth=2.5,
            markerfacecolor=style.PAPER if hollow(row) else color(row, look),
        )  # fmt: skip


def _name(axes: Axes, rows: list[dict[str, Any]], lines: list[Any], look: Look) -> None:
    """Write each line's name at its right end, moved apart where they would overlap."""
    low, high = np.log(axes.get_ylim())
    ends = [(np.log(value_us[-1]) - low) / (high - low) for _, value_us in lines]
    for row, (scale, value_us), y in zip(
        rows, lines, spread(ends, LEAST_APART), strict=True
    ):
        axes.annotate(
            "",
            (scale[-1], value_us[-1]),
            (1.015, y),
            textcoords=axes.transAxes,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": color(row, look), "linewidth": 1},
        )
        axes.text(
            1.02, y, label(row, look), transform=axes.transAxes, va="center",
            fontsize=style.SMALL_PT, color=style.INK, path_effects=[style.HALO], zorder=5,
        )  # fmt: skip


def _axes(axes: Axes, what: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    low, high = axes.get_xlim()[0], axes.get_xlim()[1]
    wide = high > 2000
    ticks = [q for q in TICKS if low <= 1 / (1 - q) <= high and not (wide and q == 0.5)]
    axes.set_xticks([1 / (1 - q) for q in ticks])
    axes.set_xticklabels([f"{100 * q:g} %" for q in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"share of {what}s that were at most so long", fontsize=style.SMALL_PT)
    axes.set_ylabel(f"{what}, \N{MICRO SIGN}s (log scale)", fontsize=style.SMALL_PT)
    axes.grid(axis="y", color=style.GRID)
    axes.spines["left"].set_visible(True)


def round_trips(run: Run, table: pd.DataFrame, placement: str, look: Look) -> Chart | None:
    """Return the percentile plot of 64 B request/reply, None without a sample."""
    mine = usual(table, "request_reply", "p50")
    about = {
        "name": f"distribution_request_reply_{placement}",
        "section": "latency",
        "title": f"Request/reply on {words.PLACEMENTS_SHORT[placement]}",
        "subtitle": "Every round trip of all blocks. Lower is better; further right: rarer",
        "what": "round trip",
    }
    return _chart(run, mine[mine["placement"] == placement], about, look)


def response_times(
    run: Run, table: pd.DataFrame, workload: str, look: Look
) -> Chart | None:
    """Return the percentile plot at the load that all cells share, None without one."""
    mine = table[
        (table["workload"] == workload)
        & (table["quantity"] == "response")
        & (table["load"] == COMMON_LOAD)
        & (table["measure"] == "p50")
    ]
    about = {
        "name": f"distribution_response_{workload}",
        "section": "response",
        "title": f"{words.workload(workload)} at {words.load(COMMON_LOAD)}",
        "subtitle": "From the intended time. Lower is better; further right: rarer",
        "what": "response time",
    }
    return _chart(run, mine, about, look)


def _chart(
    run: Run, cells: pd.DataFrame, about: dict[str, str], look: Look
) -> Chart | None:
    part = with_company(cells)
    found = [(row, run.samples_ns(str(row["case"]))) for row in rows_of(part)]
    pairs = [(row, samples) for row, samples in found if len(samples)]
    if not pairs:
        return None
    rows = [row for row, _ in pairs]
    footer = style.footer(part[~part["floor"].astype(bool)]) if len(part) else ""
    drawn = _table(rows, [samples for _, samples in pairs])
    title = _title(drawn, about, look)
    figure = style.blank(title, about["subtitle"], footer, look)
    axes = figure.add_axes(
        (0.085, style.BOTTOM + 0.01, 0.62, style.TOP - style.BOTTOM + 0.03)
    )
    axes.spines[["top", "right"]].set_visible(False)
    lines = [spectrum(samples) for _, samples in pairs]
    _draw(axes, rows, lines, look)
    _axes(axes, about["what"])
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top * (top / bottom) ** 0.06)
    _name(axes, rows, lines, look)
    return Chart(about["name"], about["section"], title, figure, drawn)


def _title(drawn: pd.DataFrame, about: dict[str, str], look: Look) -> str:
    """Return within how long 99 % arrived, on each stack's best cell."""
    known = drawn[~drawn["floor"].astype(bool)].dropna(subset=[TAIL])
    said = ", ".join(
        f"{words.time_us(row[TAIL])} on {words.stack(str(row['stack']), look.stacks)}"
        for row in best_of_each(records(in_one_language(known)), TAIL)
    )
    topic = said_of(known, about["title"])
    return f"{topic}: 99 % of {about['what']}s within {said}" if said else topic


def _table(rows: list[dict[str, Any]], samples: list[NDArray[np.int64]]) -> pd.DataFrame:
    """Return pooled percentiles in microseconds: of all requests, not of a block."""
    made = []
    for row, values in zip(rows, samples, strict=True):
        scale, value_us = spectrum(values)
        what = ("key", "stack", "variant", "language", "workload", "placement", "floor")
        shown = {**{name: row[name] for name in what}, "samples": len(values)}
        for q in TICKS[1:]:
            inside = 1 / (1 - q) <= scale[-1] * (1 + 1e-9)
            at = float(np.interp(1 / (1 - q), scale, value_us)) if inside else float("nan")
            shown[f"p{100 * q:g}_us"] = at
        made.append({**shown, "max_us": float(values.max()) / 1e3})
    return pd.DataFrame(made)
