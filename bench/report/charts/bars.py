"""Bars: the code of a program, and the CPU time and memory that it takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from bench.analysis.code_rows import Size
from bench.analysis.results import Run
from bench.analysis.rows import Estimate, OfProgram, frame, grouped
from bench.contract.all_workloads import WORKLOADS
from bench.contract.rows import CaseRow
from bench.report import words
from bench.report.charts import findings, style
from bench.report.charts.dots import rules
from bench.report.charts.rows import (
    color,
    footer_of,
    labels,
    positions,
    rows_of,
    without_lone_requests,
)
from bench.report.charts.speed import usual
from bench.report.charts.style import HATCHES, INK, Chart, Look

SIZES = {"statements": "statements", "tokens": "tokens", "gzip_bytes": "gzip bytes"}
CPU = "cpu_"
SHADES = (1.0, 0.62, 0.34)
HEIGHT, NARROW_HEIGHT = 0.66, 0.4
"""How much of a row a bar takes; on a narrow figure labels stand between bars."""
BARS_MAX = 16
"""With more bars, only the longest bar of a program has room for its number."""


def sizes(run: Run, cases: Iterable[CaseRow] | None = None) -> list[Size]:
    """Return the size of each program of these cases; without any, of those timed."""
    timed = run.cases.values() if cases is None else cases
    first = grouped(timed, lambda case: case.cell)
    return [
        Size(first[cell][0].program, counts)
        for cell, counts in run.sizes.items()
        if cell in first
    ]


def statements_of(row: Size) -> int:
    return row.counts.statements


def _lighter(ink: str, shade: float) -> tuple[float, float, float]:
    red, green, blue = (1 - shade * (1 - part) for part in to_rgb(ink))
    return red, green, blue


def _bar(axes: Axes, y: float, value: float, said: str, ink: Any, **how: Any) -> None:
    """Draw a bar with its number at its end."""
    height = NARROW_HEIGHT if style.is_narrow(axes) else HEIGHT
    how = {"height": height, "edgecolor": style.PAPER, "linewidth": 0, **how}
    axes.barh([y], [value], color=ink, **how)
    if said:
        _number(axes, how.get("left", 0.0) + value, y, said)


def _number(axes: Axes, x: float, y: float, said: str) -> None:
    axes.annotate(
        said, (x, y), (6, 0), textcoords="offset points", va="center",
        fontsize=style.SMALL_PT, color=INK,
    )  # fmt: skip


def stacked(axes: Axes, y: float, parts: Sequence[float], said: str, ink: str) -> None:
    """Draw parts of a sum one after the other, told apart by shade and hatch."""
    left = 0.0
    for number, part in enumerate(parts):
        shade, hatch = _lighter(ink, SHADES[number % 3]), HATCHES[number % 6]
        _bar(axes, y, part, "", shade, left=left, hatch=hatch)
        left += part
    _number(axes, left, y, said)


def key(figure: Figure, names: Sequence[str]) -> None:
    """Name parts once, by shade and hatch, which hold for every stack's colour."""
    handles = [
        Patch(
            facecolor=_lighter(style.MUTED, SHADES[i % 3]), hatch=HATCHES[i % 6],
            edgecolor=style.PAPER, label=name,
        )
        for i, name in enumerate(names)
    ]  # fmt: skip
    style.legend(figure, handles)


def finish(
    axes: Axes, rows: Sequence[OfProgram], at: Mapping[str, float], name: str
) -> None:
    """Give a panel of bars its title and room; its labels stand beside the first panel."""
    axes.set_ylim(min(at.values()) - 0.6, 1.0 if style.is_narrow(axes) else 0.6)
    axes.set_title(name)
    axes.locator_params(axis="x", nbins=4)
    axes.set_yticks([])
    rules(axes, rows, at)


def code_size(run: Run, workload: str, look: Look) -> Chart | None:
    """Return bars of statements, tokens and gzip bytes for a workload's cells."""
    shown = without_lone_requests(
        [row for row in sizes(run) if row.program.workload == workload]
    )
    if not shown:
        return None
    title = findings.least(
        shown, statements_of, "code", words.workload(workload), look, " statements"
    )
    subtitle = (
        "Shorter is less to write. Comments and formatting are not counted; local modules "
        "are"
    )
    counted = words.plural(len(shown), "program")
    footer = f"code: {counted} of the happy path, counted, not measured"
    figure = style.blank(title, subtitle, footer, look)
    made = style.panels(figure, len(SIZES))
    rows = rows_of(shown)
    at = positions(rows)
    for axes, (column, name) in zip(made, SIZES.items(), strict=True):
        for row in rows:
            program, value = row.program, getattr(row.counts, column)
            ink, marked = color(program, look), style.hatch(program.stack)
            _bar(axes, at[program.key], value, f"{value:,.0f}", ink, hatch=marked)
        axes.set_xlim(0, max(getattr(row.counts, column) for row in rows) * 1.28)
        finish(axes, rows, at, name)
    style.row_labels(made[0], labels(rows, at, look))
    return Chart(f"size_{workload}", "size", title, figure, frame(shown), shown)


def _roles(rows: Iterable[Estimate]) -> list[str]:
    """Return the roles whose CPU time was recorded, drivers before peers."""
    found = {row.measure.removeprefix(CPU) for row in rows if row.measure.startswith(CPU)}
    order = [role.name for w in WORKLOADS.values() for role in w.roles]
    return sorted(found, key=lambda role: (*order, role).index(role))


def cpu_and_memory(
    estimates: Sequence[Estimate], workload: str, look: Look
) -> Chart | None:
    """Return CPU per message and peak memory, by role, under full load on one CPU."""
    rates = usual(estimates, workload, "rate")
    shown = without_lone_requests([row for row in rates if row.case.placement == "shared"])
    cases = {row.case for row in shown}
    mine = [row for row in estimates if row.case in cases]
    roles = _roles(mine)
    if not shown or not roles:
        return None
    rows = rows_of(shown)
    at = positions(rows)
    value = {(row.case.key, row.measure): row.value for row in mine}
    title = findings.least(
        [row for row in mine if row.measure == "cpu"], lambda row: row.value, "CPU time",
        words.workload(workload), look, " \N{MICRO SIGN}s a message",
    )  # fmt: skip
    subtitle = (
        "By role under full load. Median over blocks; memory: largest instance, above its "
        "start"
    )
    figure = style.blank(title, subtitle, footer_of(shown), look)
    cpu, memory = style.panels(figure, 2)
    for case in (row.case for row in rows):
        y, ink = at[case.key], color(case, look)
        parts = [value.get((case.key, f"{CPU}{role}"), 0.0) for role in roles]
        stacked(cpu, y, parts, words.number(sum(parts)), ink)
        peaks = [value.get((case.key, f"memory_{role}"), 0.0) for role in roles]
        _abreast(memory, y, peaks, ink, all_numbers=len(rows) * len(roles) <= BARS_MAX)
    finish(cpu, rows, at, "CPU \N{MICRO SIGN}s per delivered message")
    finish(memory, rows, at, "peak memory, MiB")
    for axes in (cpu, memory):
        axes.set_xlim(0, max(0.1, axes.get_xlim()[1] / 1.05) * 1.2)
    style.row_labels(cpu, labels(rows, at, look))
    key(figure, [role.replace("_", " ") for role in roles])
    kept = [row for row in mine if row.measure.startswith(("cpu", "memory"))]
    return Chart(f"cost_{workload}", "cost", title, figure, frame(kept), kept)


def _abreast(
    axes: Axes, y: float, values: Sequence[float], ink: str, *, all_numbers: bool
) -> None:
    """Draw a thin bar for each value: they add up to nothing."""
    height = 0.78 / len(values)
    for number, value in enumerate(values):
        named = all_numbers or number == values.index(max(values))
        said = words.number(value, digits=2) if named else ""
        shade, hatch = _lighter(ink, SHADES[number % 3]), HATCHES[number % 6]
        middle = y + 0.39 - height * (number + 0.5)
        _bar(axes, middle, value, said, shade, height=height * 0.9, hatch=hatch)
