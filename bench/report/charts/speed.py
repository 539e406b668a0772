"""Latency and throughput: one row per cell, its median with its interval over blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bench.analysis.compared_rows import Comparison
from bench.analysis.rows import Estimate, OfProgram, frame
from bench.contract.alike import BASELINE, exercised, loses
from bench.report import words
from bench.report.charts import findings, style
from bench.report.charts.rows import (
    color,
    footer_of,
    hollow,
    labels,
    positions,
    rows_of,
    with_company,
)
from bench.report.charts.style import Chart, Look
from bench.run.plan import BOTH, SMALL_BYTES

TCP = ("tcp", "direct")
READ = "Mark: median over blocks, bar: its interval; filled: stands for its stack"
Form = Callable[[float], str]


def usual(rows: Sequence[Estimate], workload: str, measure: str) -> list[Estimate]:
    """Return the 64 B tcp rows of one workload's measure, with the null stack's."""
    quantity = "throughput" if measure in ("rate", "lost") else "latency"
    instances = _instances(rows, workload)
    return [
        row
        for row in rows
        if (row.case.workload, row.case.quantity) == (workload, quantity)
        and row.measure == measure
        and not row.case.copy
        and row.case.transport in TCP
        and row.case.size_bytes == SMALL_BYTES
        and row.case.placement in BOTH
        and (row.case.instances == instances or row.case.floor)
    ]


def _instances(rows: Iterable[Estimate], workload: str) -> int:
    """Return the number of instances of the workload's usual case: the smallest."""
    mine = (row.case for row in rows if row.case.workload == workload)
    return min((case.instances for case in mine if not case.floor), default=1)


def draw_row(
    axes: Axes,
    row: Estimate,
    y: float,
    look: Look,
    note: str,
    size: float = style.LABEL_PT,
) -> None:
    """Draw one cell: interval, marker, and its number beside it, of this size in points."""
    ink = color(row.case, look)
    low, high, value = row.low, row.high, row.value
    right = value
    if not (np.isnan(low) or np.isnan(high)):
        axes.plot(
            [low, high], [y, y], color=ink, linewidth=5, solid_capstyle="butt", alpha=0.5
        )
        right = max(value, high)
    axes.plot(
        [value],
        [y],
        marker=look.markers.get(row.case.stack, "o"),
        markersize=14 * size / style.LABEL_PT,
        color=ink,
        markerfacecolor=style.PAPER if hollow(row.case) else ink,
        markeredgewidth=3,
        linestyle="none",
    )
    axes.annotate(
        note,
        (right, y),
        (16, 0),
        textcoords="offset points",
        va="center",
        fontsize=size,
        color=style.INK,
        bbox={"facecolor": style.PAPER, "edgecolor": "none", "pad": size / 13},
    )


def rate_tick(value: float) -> str:
    """Return "10 k" for an axis: a rate without the digits that a tick never has."""
    for factor, name in ((1e-6, " M"), (1e-3, " k")):
        if value * factor >= 1:
            return f"{value * factor:g}{name}"
    return f"{value:g}"


def ends(rows: Iterable[Estimate]) -> list[float]:
    """Return all values and bounds that there are."""
    found = [end for row in rows for end in (row.value, row.low, row.high)]
    return [end for end in found if not np.isnan(end)]


def limits(values: Sequence[float]) -> tuple[float, float]:
    """Return log limits that leave room for the number right of the last marker."""
    low, high = min(values), max(values)
    span = max(high / low, 3.0)
    return low / span**0.09, high * span**0.45


def floor_line(axes: Axes, rows: Sequence[Estimate]) -> None:
    """Draw the harness's floor dotted, and the machine's dashed: sockets in C."""
    for row in rows:
        in_c = row.case.stack == BASELINE and row.case.language != words.PYTHON
        if row.case.floor or in_c:
            style_of = "--" if in_c else ":"
            axes.axvline(
                row.value, color=style.MUTED, linestyle=style_of, linewidth=2, zorder=1
            )


def panel(
    axes: Axes,
    rows: Sequence[Estimate],
    at: dict[str, float],
    look: Look,
    note: Callable[[Estimate], str],
) -> None:
    """Draw one placement: every measured cell, and a dash for each that was not."""
    floor_line(axes, rows)
    for row in rows:
        draw_row(axes, row, at[row.case.key], look, note(row), style.row_size(len(at)))
    present = {row.case.key for row in rows}
    for key, y in at.items():
        if key not in present:
            axes.text(
                0.02, y, "not measured here", transform=axes.get_yaxis_transform(),
                va="center", fontsize=13, color=style.MUTED, style="italic",
            )  # fmt: skip
    axes.set_ylim(min(at.values()) - 0.6, max(at.values()) + 0.6)


def rules(axes: Axes, rows: Iterable[OfProgram], at: dict[str, float]) -> None:
    """Rule a line between programs of different promises: they are not compared."""
    for before, after in pairwise(row.program for row in rows):
        apart = exercised(before) != exercised(after) and not after.floor
        if apart and before.language == after.language:
            y = at[after.key] + 0.85
            axes.axhline(y, color=style.MUTED, linewidth=1.5)


def two_placements(
    rows: Sequence[Estimate],
    compared: Sequence[Comparison],
    chart: dict[str, Any],
    look: Look,
    note: Callable[[Estimate], str],
    form: Form,
) -> Chart | None:
    """Return a chart of ``rows`` with a panel per placement, None without any row.

    ``compared`` are all comparisons, which the title is made of. The floor is drawn in
    every panel: one thread has no placement to speak of.
    """
    floor = [row for row in rows if row.case.floor]
    parts = {}
    for placement in BOTH:
        real = [r for r in rows if not r.case.floor and r.case.placement == placement]
        if part := with_company(real):
            parts[placement] = [*part, *floor]
    if not parts and not floor:
        return None
    parts = parts or {"shared": floor}
    shown = list({row.case.id: row for part in parts.values() for row in part}.values())
    programs = rows_of(shown)
    at = positions(programs)
    title = findings.fastest(shown, compared, chart["topic"], look) or chart["title"]
    figure = style.blank(title, chart["subtitle"], footer_of(shown), look)
    made = style.panels(figure, len(parts))
    low, high = limits([end for end in ends(shown) if end > 0])
    for axes, (placement, part) in zip(made, parts.items(), strict=True):
        panel(axes, part, at, look, note)
        rules(axes, programs, at)
        style.log_axis(axes, low, high, chart["axis"], form)
        axes.set_title(
            words.PLACEMENTS[placement], fontsize=style.LABEL_PT, loc="left", pad=12
        )
        axes.set_yticks([])
    style.row_labels(made[0], labels(programs, at, look))
    return Chart(chart["name"], chart["section"], title, figure, frame(shown), shown)


def latency(
    rows: Sequence[Estimate], compared: Sequence[Comparison], workload: str, look: Look
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

    def note(row: Estimate) -> str:
        return words.time_us(row.value)

    mine = usual(rows, workload, "p50")
    return two_placements(mine, compared, chart, look, note, lambda value: f"{value:g}")


def throughput(
    rows: Sequence[Estimate], compared: Sequence[Comparison], workload: str, look: Look
) -> Chart | None:
    """Return delivered messages per second of every cell of a workload."""
    lost = {row.case.id: row.value for row in usual(rows, workload, "lost")}
    mine = usual(rows, workload, "rate")
    chart = {
        "name": f"throughput_{workload}",
        "section": "throughput",
        "topic": f"{words.workload(workload)} throughput",
        "title": f"{words.workload(workload)}: messages delivered per second",
        "subtitle": f"Delivered messages/s, higher is better. {READ}",
        "axis": "delivered messages/s (log scale)",
    }

    def note(row: Estimate) -> str:
        said = words.rate(row.value)
        if not loses(row.case):
            return said
        return f"{said}, lost {words.number(lost.get(row.case.id, 0.0))} %"

    made = two_placements(mine, compared, chart, look, note, rate_tick)
    if made is None:
        return None
    made.table["lost_percent"] = made.table["case"].map(lost)
    return made
