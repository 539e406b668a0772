"""What a guarantee costs: statements of each program against the faults it survived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.charts import style, words
from bench.charts.style import INK, MUTED, PAPER, Chart, Look
from bench.comparisons import stack_order
from bench.frames import records
from bench.measure.recovery import KEPT
from bench.recoveries import TIERS, measured

APART = 0.3
"""How far programs with as many faults survived stand apart, in faults."""
LEFT, BETWEEN = 0.06, 0.035
LABEL_PT = 14.5
ABOUT = ("stack", "variant", "workload", "language", "cell", "key", "fan_out_mode")
TICKS = (10, 30, 100, 300, 1000)
CLOSE = 1.6
"""Sizes less than so many times each other have no room for a label each."""
ROOM = 11.0
"""The axis goes on for so many times the largest size: labels stand there."""


def survived(recoveries: pd.DataFrame, statements: Mapping[str, int]) -> pd.DataFrame:
    """Return a row for each program that was put to faults and whose size is known.

    Beside what the cell is: ``statements``, ``kept`` (after so many faults everything had
    arrived, in place, in every trial), ``faults`` (so many it was put to), ``most`` (so
    many the tiers of its workload were). Faults that no tier was put to do not count.
    """
    shown = measured(recoveries)
    if shown.empty:
        return pd.DataFrame()
    tiers = shown[shown["variant"].isin(TIERS)]
    met = set(tiers[["workload", "fault"]].itertuples(index=False, name=None))
    most = Counter(workload for workload, _ in met)
    places = shown[["workload", "fault"]].itertuples(index=False, name=None)
    shown = shown[[place in met for place in places]]
    rows = []
    for cell, mine in shown.groupby("cell", sort=False):
        if str(cell) not in statements:
            continue
        about = records(mine.head(1))[0]
        rows.append(
            {
                **{name: about[name] for name in ABOUT},
                "statements": statements[str(cell)],
                "kept": int((mine["verdict"] == KEPT).sum()),
                "faults": len(mine),
                "most": most[about["workload"]],
            }
        )
    return pd.DataFrame(rows)


def statements(sizes: pd.DataFrame) -> dict[str, int]:
    """Return the statements of each cell of ``run.sizes``."""
    if sizes.empty:
        return {}
    return dict(zip(sizes["cell"], sizes["statements"].astype(int), strict=True))


def whole(row: Mapping[str, Any]) -> bool:
    """Whether a program was put to all the faults that its workload has here."""
    return bool(row["faults"] == row["most"])


def tier_rows(table: pd.DataFrame, tier: str) -> list[dict[str, Any]]:
    return records(table[(table["variant"] == tier) & (table["language"] == words.PYTHON)])


def title(table: pd.DataFrame) -> str:
    """Return what the chart found: how much more the equal guarantees take."""
    happy, equal = (tier_rows(table, tier) for tier in TIERS)
    if not happy or not equal:
        return "What surviving takes: statements, and faults survived"
    sizes = [row["statements"] for row in equal]
    least = min(row["statements"] for row in happy)
    most = max(row["statements"] for row in happy)
    return (
        f"Surviving takes {min(sizes)} to {max(sizes)} statements, whatever the stack; "
        f"the happy path takes {least} to {most}"
    )


def price(
    recoveries: pd.DataFrame, statements: Mapping[str, int], look: Look
) -> Chart | None:
    """Return faults survived over statements, a panel for each workload."""
    table = survived(recoveries, statements)
    if not table.empty:  # who was put to one of many faults has no place among them
        table = table[2 * table["faults"] > table["most"]]
    if table.empty:
        return None
    names = [name for name in words.WORKLOADS if name in set(table["workload"])]
    if not names:
        return None
    subtitle = (
        "Up is better, left is less to write. Lines join the programs of a stack; stacks "
        "stand a little apart"
    )
    trials = int(measured(recoveries)["repeats"].sum())
    footer = (
        f"{words.plural(len(table), 'program')} in Python, "
        f"{words.plural(trials, 'trial')} with a fault; survived: everything arrived, in "
        "place, in each of its trials; hollow: put to some of the faults only"
    )
    heading = title(table)
    figure = style.blank(heading, subtitle, footer, look)
    made = style.panels(figure, len(names), left=LEFT, gap=BETWEEN)
    high = float(table["statements"].max())
    low = float(table["statements"].min())
    for axes, workload in zip(made, names, strict=True):
        mine = table[table["workload"] == workload]
        _frame(axes, workload, int(mine["most"].max()), low, high)
        _draw(axes, records(mine), look)
    made[0].set_ylabel("faults survived", fontsize=style.SMALL_PT, labelpad=2)
    return Chart("price", "price", heading, figure, table)


def _frame(axes: Axes, workload: str, most: int, low: float, high: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(low / 1.35, high * ROOM)
    axes.set_ylim(-0.75, most + 0.6)
    ticks = [tick for tick in TICKS if low / 1.35 < tick < high * 1.2]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(FixedLocator(range(most + 1)))
    axes.tick_params(axis="y", length=0, pad=4)
    axes.grid(axis="y", color=style.GRID, linewidth=1)
    axes.set_xlabel("statements", fontsize=style.SMALL_PT, labelpad=8)
    axes.set_title(
        f"{words.workload(workload)}, {words.plural(most, 'fault')}",
        fontsize=style.LABEL_PT, loc="left", pad=12,
    )  # fmt: skip


def _stacks(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    names = {str(row["stack"]) for row in rows}
    return sorted(names, key=lambda name: (-stack_order(name)[0], name))


def _draw(axes: Axes, rows: list[dict[str, Any]], look: Look) -> None:
    stacks = _stacks(rows)
    middle = (len(stacks) - 1) / 2
    for number, stack in enumerate(stacks):
        aside = (middle - number) * APART
        mine = sorted(
            (row for row in rows if row["stack"] == stack),
            key=lambda row: int(row["statements"]),
        )
        tiers = [row for row in mine if whole(row)]
        color, marker = look.colors[stack], look.markers[stack]
        axes.plot(
            [row["statements"] for row in tiers], [row["kept"] + aside for row in tiers],
            color=color, linewidth=2.5, zorder=2,
        )  # fmt: skip
        for row in mine:
            _point(axes, row, aside, color, marker)
        for row, sizes in apart(tiers):
            if row is tiers[-1]:
                said = f"{words.stack(stack, look.stacks)} {sizes}"
                _label(axes, row, aside, said, color, "bold")
            else:
                _label(axes, row, aside, sizes, INK, "normal")


def apart(rows: Sequence[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield where to write which sizes: those that would overlap at the last of them."""
    said: list[str] = []
    for row, after in zip_longest(rows, rows[1:]):
        said.append(f"{row['statements']}")
        close = after and after["statements"] < CLOSE * row["statements"]
        if not (close and after["kept"] == row["kept"]):
            yield row, ", ".join(said)
            said.clear()


def _point(
    axes: Axes, row: Mapping[str, Any], aside: float, color: str, marker: str
) -> None:
    face = color if whole(row) else PAPER
    axes.plot(
        [row["statements"]], [row["kept"] + aside], marker=marker, color=color,
        markersize=13 if whole(row) else 10, markerfacecolor=face, markeredgewidth=2.5,
        linestyle="none", zorder=3,
    )  # fmt: skip
    if not whole(row):
        said = f"{row['variant']} {row['statements']}, {row['kept']} of {row['faults']}"
        _label(axes, row, aside, said, MUTED, "normal", small=True)


def _label(
    axes: Axes, row: Mapping[str, Any], aside: float, said: str, color: str, weight: str,
    *, small: bool = False,
) -> None:  # fmt: skip
    size = style.FOOTER_PT if small else LABEL_PT
    axes.annotate(
        said, (row["statements"], row["kept"] + aside), (11, 0),
        textcoords="offset points", va="center", ha="left", fontsize=size, color=color,
        fontweight=weight, zorder=4, path_effects=[style.HALO],
    )  # fmt: skip
