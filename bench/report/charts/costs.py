"""The costs of a program: code to write, CPU time and memory to run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.axes import Axes

from bench.analysis.code_rows import Size
from bench.analysis.results import Run
from bench.analysis.rows import Estimate, frame, grouped
from bench.contract.all_workloads import WORKLOADS
from bench.contract.rows import CaseRow, ProgramRow
from bench.report import words
from bench.report.charts import findings, style
from bench.report.charts.rows import (
    color,
    footer_of,
    labels,
    positions,
    rows_of,
    with_company,
)
from bench.report.charts.speed import rules, usual
from bench.report.charts.style import HATCHES, INK, Chart, Look

SIZES = {"statements": "statements", "tokens": "tokens", "gzip_bytes": "gzip bytes"}
ROLE_SHADES = (1.0, 0.62, 0.34)
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


def code_size(run: Run, workload: str, look: Look) -> Chart | None:
    """Return bars of statements, tokens and gzip bytes for a workload's cells."""
    shown = with_company([row for row in sizes(run) if row.program.workload == workload])
    if not shown:
        return None
    title = findings.least(
        shown, statements_of, "code", words.workload(workload), look, " statements"
    )
    subtitle = "Less is less to write. Comments and layout do not count; local imports do"
    counted = words.plural(len(shown), "program")
    footer = f"code: {counted} of the happy path, counted, not measured"
    figure = style.blank(title, subtitle, footer, look)
    made = style.panels(figure, len(SIZES))
    rows = rows_of(shown)
    at = positions(rows)
    for axes, (column, name) in zip(made, SIZES.items(), strict=True):
        values = {row.program.key: getattr(row.counts, column) for row in rows}
        for row in rows:
            key = row.program.key
            _bar(axes, row.program, at[key], values[key], look)
        axes.set_xlim(0, max(values.values()) * 1.28)
        axes.set_ylim(min(at.values()) - 0.6, 0.6)
        axes.set_title(name, fontsize=style.LABEL_PT, loc="left", pad=12)
        axes.set_xlabel(name, fontsize=style.SMALL_PT)
        axes.locator_params(axis="x", nbins=4)
        rules(axes, rows, at)
        axes.set_yticks([])
    style.row_labels(made[0], labels(rows, at, look))
    return Chart(f"size_{workload}", "size", title, figure, frame(shown), shown)


def _bar(axes: Axes, program: ProgramRow, y: float, value: float, look: Look) -> None:
    hatch = style.hatch(program.stack)
    axes.barh([y], [value], height=0.66, color=color(program, look), hatch=hatch)
    axes.annotate(
        f"{value:,.0f}", (value, y), (6, 0), textcoords="offset points", va="center",
        fontsize=style.SMALL_PT,
    )  # fmt: skip


def _roles(rows: Iterable[Estimate], prefix: str) -> list[str]:
    """Return the roles that a measure was recorded of, drivers before peers."""
    named = (row.measure for row in rows if row.measure.startswith(prefix + "_"))
    found = [name.removeprefix(prefix + "_") for name in dict.fromkeys(named)]
    order = [role.name for w in WORKLOADS.values() for role in w.roles]
    return sorted(found, key=lambda role: order.index(role) if role in order else 99)


def _lighter(ink: str, shade: float) -> tuple[float, float, float]:
    rgb = [int(ink[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (1 - shade * (1 - part) for part in rgb)
    return red, green, blue


def _key(figure: Any, roles: list[str]) -> None:
    """Name the roles once, by shade and hatch, which hold for every stack's colour."""
    from matplotlib.patches import Patch

    handles = [
        Patch(
            facecolor=_lighter("#5b5b5e", ROLE_SHADES[i % 3]), hatch=HATCHES[i % 6],
            edgecolor=style.PAPER, label=role.replace("_", " "),
        )
        for i, role in enumerate(roles)
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="center left", bbox_to_anchor=(0.01, 0.093), ncols=6,
        frameon=False, fontsize=15, title=None,
    )  # fmt: skip


def _cpu(axes: Axes, rows: Sequence[Estimate], at: dict[str, float], parts: Any) -> None:
    """Stack each role's CPU microseconds per delivered message; write the sum."""
    roles, value, look = parts
    highest = 0.0
    for case in (row.case for row in rows):
        y, left = at[case.key], 0.0
        for number, role in enumerate(roles):
            width = value.get((case.key, f"cpu_{role}"), 0.0)
            axes.barh(
                [y], [width], left=left, height=0.66, hatch=HATCHES[number % 6],
                color=_lighter(color(case, look), ROLE_SHADES[number % 3]),
                edgecolor=style.PAPER, linewidth=0,
            )  # fmt: skip
            left += width
        axes.annotate(
            words.number(left), (left, y), (6, 0), textcoords="offset points",
            va="center", fontsize=style.SMALL_PT,
        )  # fmt: skip
        highest = max(highest, left)
    axes.set_xlim(0, highest * 1.2)


def _memory(axes: Axes, rows: Sequence[Estimate], at: dict[str, float], parts: Any) -> None:
    """Draw one thin bar per role: its peak, which adds up to nothing."""
    roles, value, look = parts
    height = 0.78 / max(1, len(roles))
    highest = 0.0
    for case in (row.case for row in rows):
        widths = [value.get((case.key, f"memory_{role}"), 0.0) for role in roles]
        for number, width in enumerate(widths):
            y = at[case.key] + 0.39 - height * (number + 0.5)
            axes.barh(
                [y], [width], height=height * 0.9, hatch=HATCHES[number % 6],
                color=_lighter(color(case, look), ROLE_SHADES[number % 3]),
                edgecolor=style.PAPER, linewidth=0,
            )  # fmt: skip
            if len(rows) * len(roles) > BARS_MAX and number != widths.index(max(widths)):
                continue
            axes.annotate(
                words.number(width, digits=2), (width, y), (5, 0), color=INK,
                textcoords="offset points", va="center", fontsize=13,
            )  # fmt: skip
        highest = max(highest, *widths)
    axes.set_xlim(0, max(highest, 0.1) * 1.2)


def cpu_and_memory(
    estimates: Sequence[Estimate], workload: str, look: Look
) -> Chart | None:
    """Return CPU per message and peak memory, by role, under full load on one CPU."""
    rates = usual(estimates, workload, "rate")
    shown = with_company(
        [r for r in rates if r.case.placement == "shared" and not r.case.floor]
    )
    cases = {row.case for row in shown}
    mine = [row for row in estimates if row.case in cases]
    roles = _roles(mine, "cpu")
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
    made = style.panels(figure, 2)
    for axes, draw, name in (
        (made[0], _cpu, "CPU \N{MICRO SIGN}s per delivered message"),
        (made[1], _memory, "peak memory, MiB"),
    ):
        draw(axes, rows, at, (roles, value, look))
        axes.set_ylim(min(at.values()) - 0.6, 0.6)
        axes.set_title(name, fontsize=style.LABEL_PT, loc="left", pad=12)
        axes.set_xlabel(name, fontsize=style.SMALL_PT, labelpad=2)
        axes.locator_params(axis="x", nbins=5)
        rules(axes, rows, at)
        axes.set_yticks([])
    style.row_labels(made[0], labels(rows, at, look))
    _key(figure, roles)
    kept = [row for row in mine if row.measure.startswith(("cpu", "memory"))]
    return Chart(f"cost_{workload}", "cost", title, figure, frame(kept), kept)
