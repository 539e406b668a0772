"""Latency and throughput: one row per cell, its median with its interval over blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from bench.charts import findings, style, words
from bench.charts.rows import (
    color,
    hollow,
    labels,
    lossy,
    positions,
    rows_of,
    with_company,
)
from bench.charts.style import Chart, Look
from bench.comparisons import BASELINE
from bench.frames import records
from bench.plan import BOTH, SMALL_BYTES

TCP = ("tcp", "direct")
READ = "Mark: median over blocks, bar: its interval; filled: stands for its stack"
Form = Callable[[float], str]


def usual(table: pd.DataFrame, workload: str, measure: str) -> pd.DataFrame:
    """Return the 64 B tcp rows of one workload's measure, with the null stack's."""
    quantity = "throughput" if measure in ("rate", "lost") else "latency"
    return table[
        (table["workload"] == workload)
        & (table["measure"] == measure)
        & (table["quantity"] == quantity)
        & (table["twin"] == 0)
        & table["transport"].isin(TCP)
        & (table["size_bytes"] == SMALL_BYTES)
        & table["placement"].isin(BOTH)
        & ((table["instances"] == _instances(table, workload)) | table["floor"])
    ]


def _instances(table: pd.DataFrame, workload: str) -> int:
    """Return the number of instances of the workload's usual case: the smallest."""
    mine = table[(table["workload"] == workload) & ~table["floor"].astype(bool)]
    return int(mine["instances"].min()) if len(mine) else 1


def draw_row(axes: Axes, row: dict[str, Any], y: float, look: Look, note: str) -> None:
    """Draw one cell: interval, marker, and its number beside it."""
    ink = color(row, look)
    low, high, value = row["low"], row["high"], row["value"]
    right = value
    if not (np.isnan(low) or np.isnan(high)):
        axes.plot(
            [low, high], [y, y], color=ink, linewidth=5, solid_capstyle="butt", alpha=0.5
        )
        right = max(value, high)
    axes.plot(
        [value],
        [y],
        marker=look.markers.get(str(row["stack"]), "o"),
        markersize=14,
        color=ink,
        markerfacecolor=style.PAPER if hollow(row) else ink,
        markeredgewidth=3,
        linestyle="none",
    )
    axes.annotate(
        note,
        (right, y),
        (16, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.LABEL_PT,
        color=style.INK,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": 1.5},
    )


def rate_tick(value: float) -> str:
    """Return "10 k" for an axis: a rate without the digits that a tick never has."""
    for factor, name in ((1e-6, " M"), (1e-3, " k")):
        if value * factor >= 1:
            return f"{value * factor:g}{name}"
    return f"{value:g}"


def limits(values: pd.Series[float]) -> tuple[float, float]:
    """Return log limits that leave room for the number right of the last marker."""
    low, high = float(values.min()), float(values.max())
    span = max(high / low, 3.0)
    return low / span**0.09, high * span**0.45


def floor_line(axes: Axes, rows: Sequence[dict[str, Any]]) -> None:
    """Draw the harness's floor dotted, and the machine's dashed: sockets in C."""
    for row in rows:
        in_c = row["stack"] == BASELINE and row["language"] != words.PYTHON
        if row["floor"] or in_c:
            style_of = "--" if in_c else ":"
            axes.axvline(
                row["value"], color=style.MUTED, linestyle=style_of, linewidth=2, zorder=1
            )


def panel(
    axes: Axes,
    part: pd.DataFrame,
    at: dict[str, float],
    look: Look,
    note: Callable[[dict[str, Any]], str],
) -> None:
    """Draw one placement: every measured cell, and a dash for each that was not."""
    shown = records(part)
    floor_line(axes, shown)
    for row in shown:
        draw_row(axes, row, at[str(row["key"])], look, note(row))
    present = {str(row["key"]) for row in shown}
    for key, y in at.items():
        if key not in present:
            axes.text(
                0.02, y, "not measured here", transform=axes.get_yaxis_transform(),
                va="center", fontsize=13, color=style.MUTED, style="italic",
            )  # fmt: skip
    axes.set_ylim(min(at.values()) - 0.6, max(at.values()) + 0.6)


def rules(axes: Axes, rows: Sequence[dict[str, Any]], at: dict[str, float]) -> None:
    """Rule a line between lossless and lossy cells: they are not compared."""
    first = next((row for row in rows if lossy(row)), None)
    if first is not None:
        y = at[str(first["key"])] + 0.85
        axes.axhline(y, color=style.MUTED, linewidth=1.5)


def two_placements(
    tables: tuple[pd.DataFrame, pd.DataFrame],
    chart: dict[str, Any],
    look: Look,
    note: Any,
    form: Form,
) -> Chart | None:
    """Return a chart of ``tables`` with a panel per placement, None without any row.

    ``tables`` are the rows to show and all comparisons, which the title is made of. The
    floor is drawn in every panel: one thread has no placement to speak of.
    """
    table, compared = tables
    is_floor = table["floor"].astype(bool)
    floor, real = table[is_floor], table[~is_floor]
    parts = {
        placement: with_company(real[real["placement"] == placement]) for placement in BOTH
    }
    parts = {
        placement: pd.concat([part, floor])
        for placement, part in parts.items()
        if len(part)
    }
    if not parts and floor.empty:
        return None
    parts = parts or {"shared": floor}
    shown = pd.concat(list(parts.values())).drop_duplicates(["case"])
    rows = rows_of(shown)
    at = positions(rows)
    footer = style.footer(shown[~shown["floor"].astype(bool)]) if len(shown) else ""
    title = findings.fastest(shown, compared, chart["topic"], look) or chart["title"]
    figure = style.blank(title, chart["subtitle"], footer, look)
    made = style.panels(figure, len(parts))
    everything = pd.concat([shown["value"], shown["low"], shown["high"]]).dropna()
    low, high = limits(everything[everything > 0])
    for axes, (placement, part) in zip(made, parts.items(), strict=True):
        panel(axes, part, at, look, note)
        rules(axes, rows, at)
        style.log_axis(axes, low, high, chart["axis"], form)
        axes.set_title(
            words.PLACEMENTS[placement], fontsize=style.LABEL_PT, loc="left", pad=12
        )
        axes.set_yticks([])
    style.row_labels(made[0], labels(rows, at, look))
    return Chart(chart["name"], chart["section"], title, figure, shown)


def latency(
    table: pd.DataFrame, compared: pd.DataFrame, workload: str, look: Look
) -> Chart | None:
    """Return p50 of every cell of a workload, in microseconds on a log axis."""
    kind = words.LATENCY.get(workload, words.ONE_WAY)
    chart = {
        "name": f"latency_{workload}",
        "section": "latency",
        "topic": f"{words.workload(workload)} {kind}",
        "title": f"{words.workload(workload)}: {kind}, p50",
        "subtitle": f"{kind.capitalize()} p50, lower is better. {READ}",
        "axis": f"{kind} p50, \N{MICRO SIGN}s (log scale)",
    }

    def note(row: dict[str, Any]) -> str:
        return words.time_us(row["value"])

    mine = usual(table, workload, "p50")
    return two_placements((mine, compared), chart, look, note, lambda value: f"{value:g}")


def throughput(
    table: pd.DataFrame, compared: pd.DataFrame, workload: str, look: Look
) -> Chart | None:
    """Return delivered messages per second of every cell of a workload."""
    lost = usual(table, workload, "lost").set_index("case")["value"].to_dict()
    mine = usual(table, workload, "rate")
    chart = {
        "name": f"throughput_{workload}",
        "section": "throughput",
        "topic": f"{words.workload(workload)} throughput",
        "title": f"{words.workload(workload)}: messages delivered per second",
        "subtitle": f"Delivered messages/s, higher is better. {READ}",
        "axis": "delivered messages/s (log scale)",
    }

    def note(row: dict[str, Any]) -> str:
        said = words.rate(row["value"])
        if not lossy(row):
            return said
        return f"{said}, lost {words.number(lost.get(row['case'], 0.0))} %"

    made = two_placements((mine, compared), chart, look, note, rate_tick)
    if made is None:
        return None
    made.table["lost_percent"] = made.table["case"].map(lost)
    return made
