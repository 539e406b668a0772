"""What a cell costs: code to write, CPU time and memory to run."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from bench.charts import findings, style, words
from bench.charts.rows import color, labels, positions, rows_of, with_company
from bench.charts.speed import rules, usual
from bench.charts.style import HATCHES, INK, Chart, Look
from bench.results import Run
from bench.workloads import WORKLOADS

SIZES = {"statements": "statements", "tokens": "tokens", "gzip_bytes": "gzip bytes"}
ROLE_SHADES = (1.0, 0.62, 0.34)
BARS_MAX = 16
"""Of more bars only the longest of a program has room for its number."""


def size_table(run: Run, cases: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the sizes beside what each cell is: one row per cell of these cases.

    Without any, of those that were timed.
    """
    if run.sizes.empty:
        return run.sizes
    about = [
        "cell",
        "key",
        "stack",
        "variant",
        "workload",
        "language",
        "fan_out_mode",
        "floor",
    ]
    timed = run.cases if cases is None else cases
    cells = timed[about].drop_duplicates("cell").reset_index(drop=True)
    return run.sizes.merge(cells, on="cell", how="inner")


def code_size(run: Run, workload: str, look: Look) -> Chart | None:
    """Return bars of statements, tokens and gzip bytes for a workload's cells."""
    table = size_table(run)
    if table.empty:
        return None
    shown = with_company(table[table["workload"] == workload])
    if shown.empty:
        return None
    title = findings.least(
        shown, "statements", "code", words.workload(workload), look, " statements"
    )
    subtitle = "Less is less to write. Comments and layout do not count; local imports do"
    footer = (
        f"code: {words.plural(len(shown), 'cell')} of the happy path, counted, not measured"
    )
    figure = style.blank(title, subtitle, footer, look)
    made = style.panels(figure, len(SIZES))
    rows = rows_of(shown)
    at = positions(rows)
    for axes, (column, name) in zip(made, SIZES.items(), strict=True):
        for row in rows:
            _bar(axes, row, at[str(row["key"])], row[column], look)
        axes.set_xlim(0, float(shown[column].max()) * 1.28)
        axes.set_ylim(min(at.values()) - 0.6, 0.6)
        axes.set_title(name, fontsize=style.LABEL_PT, loc="left", pad=12)
        axes.set_xlabel(name, fontsize=style.SMALL_PT)
        axes.locator_params(axis="x", nbins=4)
        rules(axes, rows, at)
        axes.set_yticks([])
    style.row_labels(made[0], labels(rows, at, look))
    return Chart(f"size_{workload}", "size", title, figure, shown)


def _bar(axes: Axes, row: dict[str, Any], y: float, value: float, look: Look) -> None:
    hatch = HATCHES[list(look.markers).index(str(row["stack"])) % len(HATCHES)]
    axes.barh([y], [value], height=0.66, color=color(row, look), hatch=hatch)
    axes.annotate(
        f"{value:,.0f}", (value, y), (6, 0), textcoords="offset points", va="center",
        fontsize=style.SMALL_PT,
    )  # fmt: skip


def _roles(table: pd.DataFrame, prefix: str) -> list[str]:
    """Return the roles that a measure was recorded of, drivers before peers."""
    names = dict.fromkeys(m for m in table["measure"] if m.startswith(prefix + "_"))
    found = [name.removeprefix(prefix + "_") for name in names]
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


def _cpu(axes: Axes, rows: list[dict[str, Any]], at: dict[str, float], parts: Any) -> None:
    """Stack each role's CPU microseconds per delivered message; write the sum."""
    roles, value, look = parts
    highest = 0.0
    for row in rows:
        y, left = at[str(row["key"])], 0.0
        for number, role in enumerate(roles):
            width = value.get((row["key"], f"cpu_{role}"), 0.0)
            axes.barh(
                [y], [width], left=left, height=0.66, hatch=HATCHES[number % 6],
                color=_lighter(color(row, look), ROLE_SHADES[number % 3]),
                edgecolor=style.PAPER, linewidth=0,
            )  # fmt: skip
            left += width
        axes.annotate(
            words.number(left), (left, y), (6, 0), textcoords="offset points",
            va="center", fontsize=style.SMALL_PT,
        )  # fmt: skip
        highest = max(highest, left)
    axes.set_xlim(0, highest * 1.2)


def _memory(
    axes: Axes, rows: list[dict[str, Any]], at: dict[str, float], parts: Any
) -> None:
    """Draw one thin bar per role: its peak, which adds up to nothing."""
    roles, value, look = parts
    height = 0.78 / max(1, len(roles))
    highest = 0.0
    for row in rows:
        widths = [value.get((row["key"], f"memory_{role}"), 0.0) for role in roles]
        for number, width in enumerate(widths):
            y = at[str(row["key"])] + 0.39 - height * (number + 0.5)
            axes.barh(
                [y], [width], height=height * 0.9, hatch=HATCHES[number % 6],
                color=_lighter(color(row, look), ROLE_SHADES[number % 3]),
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


def cpu_and_memory(table: pd.DataFrame, workload: str, look: Look) -> Chart | None:
    """Return CPU per message and peak memory, by role, under full load on one CPU."""
    rates = usual(table, workload, "rate")
    shown = with_company(
        rates[(rates["placement"] == "shared") & ~rates["floor"].astype(bool)]
    )
    mine = table[table["case"].isin(shown["case"])]
    roles = _roles(mine, "cpu")
    if shown.empty or not roles:
        return None
    rows = rows_of(shown)
    at = positions(rows)
    value = mine.set_index(["key", "measure"])["value"].to_dict()
    title = findings.least(
        mine[mine["measure"] == "cpu"], "value", "CPU time", words.workload(workload), look,
        " \N{MICRO SIGN}s a message",
    )  # fmt: skip
    subtitle = (
        "By role under full load. Median over blocks; memory: largest instance, above its "
        "start"
    )
    figure = style.blank(title, subtitle, style.footer(shown), look)
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
    kept = mine[mine["measure"].str.startswith(("cpu", "memory"))]
    return Chart(f"cost_{workload}", "cost", title, figure, kept)
