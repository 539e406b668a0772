"""The headline: a ratio of times per pair of stacks, with interval, noise and verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bench.charts import style, words
from bench.charts.rows import MIN_COMPANIONS
from bench.charts.style import Chart, Look
from bench.comparisons import SUBJECT, of_kind, stack_order
from bench.frames import records
from bench.stats import INCONCLUSIVE, Verdict

NAMES_PT = 15.5
MARGIN = 1.05
MARGIN_COLOR, NOISE_COLOR = "#ececef", "#c9cbd6"
MARKS: dict[Verdict, tuple[str, str, str]] = {
    "faster": ("<", "#1f5fa8", "faster"),
    "slower": (">", "#b3306b", "slower"),
    "equivalent": ("s", "#1a1a1b", "equivalent (within 5 %)"),
    INCONCLUSIVE: ("o", "#77777c", "undecided"),
}
"""Marker, colour and name of each verdict on the first of a pair."""
PLAIN = ("minimal", "lossless")
"""Variants that stand for their stack, so that its name says enough."""
BETWEEN_GROUPS = 1.25


def spoken(pair: dict[str, Any], look: Look) -> str:
    """Return "ZeroMQ vs HTTP (requests)": variants only where they tell pairs apart."""
    sides = []
    for which in ("a", "b"):
        name = pair[f"stack_{which}"]
        label = words.stack(name, look.stacks)
        row = {
            "stack": name,
            "variant": pair[f"variant_{which}"],
            "workload": pair["workload"],
        }
        special = words.variant(row).removeprefix("minimal: ")
        plain = special in PLAIN
        sides.append(label if plain else f"{label} ({special})")
    return " vs ".join(sides)


def with_company(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out pairs of a lone ``requests``: see ``rows.with_company``."""
    keep = []
    for pair in records(table):
        stacks = {pair["stack_a"], pair["stack_b"]} & set(words.CLIENT_OF_MINIMAL)
        keep.append(not stacks or _client_pairs(table, pair["name"]) >= MIN_COMPANIONS)
    return table[keep]


def _client_pairs(table: pd.DataFrame, name: str) -> int:
    return int(
        table.loc[table["name"] == name, "variant_b"].str.endswith(words.CLIENT).sum()
    )


def headline_table(compared: pd.DataFrame, placement: str) -> pd.DataFrame:
    """Return all comparisons in those cases of a placement of which claims are made."""
    table = of_kind(compared, "claim", "further")
    if table.empty:
        return table
    claimed = table["name"].isin(of_kind(table, "claim")["name"])
    return with_company(table[claimed & (table["placement"] == placement)])


def on_the_slide(table: pd.DataFrame) -> pd.DataFrame:
    """Keep the subject's rows, where it has any."""
    mine = table[table["stack_a"] == SUBJECT]
    return mine if len(mine) else table


def counted(table: pd.DataFrame) -> str:
    """Return "faster in 3, slower in 2, undecided in 1" of a table's verdicts."""
    found = Counter(table["verdict"])
    said = [
        f"{MARKS[name][2].split(' ')[0]} in {found[name]}" for name in MARKS if found[name]
    ]
    return ", ".join(said)


def title(table: pd.DataFrame, placement: str, look: Look) -> str:
    """Return the finding, computed from the verdicts of all that is shown."""
    where = words.PLACEMENTS_SHORT[placement].capitalize().replace("cpu", "CPU")
    where = where.replace("cpus", "CPUs")
    mine = table[table["stack_a"] == SUBJECT]
    if mine.empty:
        return f"{where}: ratios of times"
    label = words.stack(SUBJECT, look.stacks)
    if mine["low"].isna().all():
        return f"{where}: too few blocks to say which is faster"
    return f"{where}: {label} is {counted(mine)}"


def _places(pairs: list[dict[str, Any]], look: Look) -> dict[tuple[str, str], float]:
    """Return the y of each (workload, pair), a slot for each workload's name above."""
    found: dict[tuple[str, str], float] = {}
    y, before = 0.0, None
    order = {name: number for number, name in enumerate(words.WORKLOADS)}
    known = sorted(
        pairs,
        key=lambda pair: (
            order.get(pair["workload"], len(order)),
            stack_order(pair["stack_a"]),
            stack_order(pair["stack_b"])[0],
            pair["stack_b"],
        ),
    )
    for pair in known:
        if pair["workload"] != before:
            y -= BETWEEN_GROUPS
            before = pair["workload"]
        key = (pair["workload"], spoken(pair, look))
        if key not in found:
            found[key] = y
            y -= 1
    return found


def _mark(axes: Axes, pair: dict[str, Any], y: float) -> None:
    marker, color, _ = MARKS[pair["verdict"]]
    left = right = pair["ratio"]
    if not math.isnan(pair["low"]):
        axes.plot([pair["low"], pair["high"]], [y, y], color=color, linewidth=4)
        left, right = min(left, pair["low"]), max(right, pair["high"])
    face = style.PAPER if pair["verdict"] == INCONCLUSIVE else color
    axes.plot(
        [pair["ratio"]], [y], marker=marker, color=color, markerfacecolor=face,
        markersize=11, markeredgewidth=2.5,
    )  # fmt: skip
    # The number stands on the side away from 1, clear of the line and the bands.
    below = pair["ratio"] < 1
    axes.annotate(
        words.number(pair["ratio"]), (left if below else right, y),
        (-13 if below else 13, 0), textcoords="offset points", va="center",
        ha="right" if below else "left", fontsize=style.SMALL_PT,
    )  # fmt: skip


def _noise_band(axes: Axes, rows: pd.DataFrame, ys: list[float], side: float) -> None:
    noise = float(rows["noise"].max())
    if math.isfinite(noise):
        axes.fill_betweenx(
            [min(ys) - side, max(ys) + side],
            1 / (1 + noise),
            1 + noise,
            color=NOISE_COLOR,
            zorder=1,
        )


def _panel(
    axes: Axes, part: pd.DataFrame, at: dict[tuple[str, str], float], look: Look
) -> None:
    axes.axvspan(1 / MARGIN, MARGIN, color=MARGIN_COLOR, zorder=0.5)
    for workload, rows in part.groupby("workload"):
        ys = [y for (name, _), y in at.items() if name == workload]
        _noise_band(axes, rows, ys, 0.5)
    axes.axvline(1, color=style.INK, linewidth=1.5)
    for pair in records(part):
        _mark(axes, pair, at[pair["workload"], spoken(pair, look)])
    axes.set_ylim(min(at.values()) - 0.7, max(at.values()) + 1.45)


def name_rows(
    axes: Axes, at: Mapping[tuple[str, str], float], size: float, above: float
) -> None:
    """Name each (workload, pair) at its y, and each workload so far above its first."""
    axes.set_yticks(list(at.values()))
    axes.set_yticklabels([label for _, label in at], fontsize=size)
    first: dict[str, float] = {}
    for (workload, _), y in at.items():
        first.setdefault(workload, y)
    for workload, y in first.items():
        axes.text(
            -0.015, y + above, words.workload(workload), ha="right", va="center",
            transform=axes.get_yaxis_transform(), fontsize=size + 1, fontweight="bold",
        )  # fmt: skip


def _legend(figure: Figure) -> None:
    handles: list[Any] = [
        Line2D(
            [], [], marker=marker, color=color, linestyle="none", markersize=11,
            markerfacecolor=style.PAPER if name == "undecided" else color,
            markeredgewidth=2, label=name,
        )
        for marker, color, name in MARKS.values()
    ]  # fmt: skip
    handles += [
        Patch(color=MARGIN_COLOR, label="\N{PLUS-MINUS SIGN}5 %"),
        Patch(color=NOISE_COLOR, label="A/A noise"),
    ]
    figure.legend(
        handles=handles, loc="center left", bbox_to_anchor=(0.01, 0.093), ncols=6,
        frameon=False, fontsize=15, handletextpad=0.4, columnspacing=1.6,
    )  # fmt: skip


def headline(compared: pd.DataFrame, placement: str, look: Look) -> Chart | None:
    """Return the forest plot of one placement, None where nothing was compared."""
    table = headline_table(compared, placement)
    table = table if table.empty else on_the_slide(table)
    if table.empty:
        return None
    at = _places(records(table), look)
    heading = title(table, placement, look)
    subtitle = "Time of the first over time of the second: left of 1 the first is faster"
    figure = style.blank(heading, subtitle, style.footer(table), look)
    axes = style.panels(figure, 1, left=0.27)[0]
    values = table[["ratio", "low", "high"]].to_numpy(dtype=float)
    low, high = min(np.nanmin(values), 0.8), max(np.nanmax(values), 1.25)
    room = (high / low) ** 0.22
    low, high = low / room, high * room
    _panel(axes, table, at, look)
    what = "ratio of times (log scale): round trip p50, else time per delivered message"
    style.log_axis(axes, low, high, what, lambda v: f"{v:g}")
    axes.xaxis.labelpad = 2
    size = NAMES_PT if len(at) <= 12 else max(12.5, 210 / len(at))
    name_rows(axes, at, size, above=0.95)
    _legend(figure)
    return Chart(f"headline_{placement}", "headline", heading, figure, table)
