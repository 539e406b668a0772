"""How ratios of declared comparisons change from loopback to the longest delay."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from bench.analysis.compared_rows import Comparison
from bench.analysis.networks import Place, declared_apart, places
from bench.analysis.rows import frame
from bench.analysis.side import Side
from bench.analysis.stats import MARGIN, Verdict
from bench.contract.model import APART
from bench.report import ratio, words
from bench.report.charts import ratios, style
from bench.report.charts.style import Chart, Look

SECTION = "network"
SUBTITLE = "By how much the first of each pair is faster; below the line the second is"
COLORS = ("#1f5fa8", "#b3306b", "#00785a", "#8a6d00", "#6b4fa0", "#1a1a1b")
MARKERS = "osD^vP"
TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
ASIDE = 0.05
"""How far the marks of two pairs stand apart, of the width between two places."""
Found = Mapping[Place, Comparison]


def charts(sides: Sequence[Side], look: Look) -> list[Chart]:
    """Return the chart, none where fewer than two places have a ratio."""
    columns = places(sides)
    rows: dict[str, Found] = {}
    for pair in declared_apart(sides):
        found = {place: same for place in columns if (same := place.of(pair))}
        if len(found) > 1:
            rows[_name(pair, look)] = found
    if not rows or len(rows) > len(MARKERS):
        return []
    with rc_context(style.RC):
        return [_chart(rows, columns, look)]


def _name(pair: Comparison, look: Look) -> str:
    many = f"{words.workload(pair.a.workload)} {words.quantity(pair.a)}"
    return f"{ratios.spoken(pair, look)}, {many.lower()}"


def _title(rows: Mapping[str, Found], look: Look) -> str:
    """Return what the longest delay leaves of the greatest ratio on this machine."""

    def size(found: Found) -> float:
        return abs(math.log(next(iter(found.values())).times.ratio))

    found = max(rows.values(), key=size)
    (first, here), *_, (last, there) = found.items()
    pair = ratios.spoken(here, look)
    return f"{pair}: {_factor(here)} on {_place(first)}, {_factor(there)} on {_place(last)}"


def _factor(pair: Comparison) -> str:
    """Return "5.2x faster" of the first, or that no program is."""
    if pair.verdict not in ratio.DECIDED:
        return words.ONE_WORD[pair.verdict]
    times = pair.times
    return ratio.of_first(times.ratio, times.low, times.high).split(" (", maxsplit=1)[0]


def _place(place: Place) -> str:
    if place.placement != APART:
        return words.LOOPBACK_SHORT[place.placement]
    return f"hosts apart with {words.delay(place.delay_ms)}"


def _tick(place: Place) -> str:
    if place.placement != APART:
        return words.LOOPBACK_SHORT[place.placement].replace(", ", ",\n")
    return f"hosts apart,\n{words.delay(place.delay_ms)}"


def _chart(rows: Mapping[str, Found], columns: Sequence[Place], look: Look) -> Chart:
    pairs = [pair for found in rows.values() for pair in found.values()]
    heading = _title(rows, look)
    runs = dict.fromkeys(place.side.name for place in columns)
    named = look.source.replace("loopback, one machine", f"runs {', '.join(runs)}")
    sourced = Look(look.stacks, look.colors, look.markers, named)
    figure = style.blank(heading, SUBTITLE, ratios.footer(pairs), sourced)
    axes = style.panels(figure, 1, left=0.075)[0]
    axes.grid(axis="x", visible=False)
    axes.axhspan(1 / MARGIN, MARGIN, color=ratios.MARGIN_COLOR, zorder=0.5)
    axes.axhline(1, color=style.INK, linewidth=1.5)
    handles = []
    for number, (name, found) in enumerate(rows.items()):
        color, marker = COLORS[number], MARKERS[number]
        off = ASIDE * (number - (len(rows) - 1) / 2)
        at = [columns.index(place) + off for place in found]
        _draw(axes, at, list(found.values()), color, marker)
        handles.append(ratios.handle(marker, color, name))
    handles.append(ratios.handle("o", style.MUTED, "undecided", hollow=True))
    _scale(axes, pairs)
    axes.set_xlim(-0.4, len(columns) - 0.6)
    axes.set_xticks(range(len(columns)), [_tick(place) for place in columns])
    style.legend(figure, handles, 13)
    table = _table(rows)
    return Chart("over_networks", SECTION, heading, figure, table, pairs)


def _draw(
    axes: Axes, at: Sequence[float], pairs: Sequence[Comparison], color: str, marker: str
) -> None:
    """Draw the ratios of one pair of programs, the second's time over the first's."""
    axes.plot(at, [1 / p.times.ratio for p in pairs], color=color, linewidth=2)
    for x, pair in zip(at, pairs, strict=True):
        times = pair.times
        axes.plot([x, x], [1 / times.low, 1 / times.high], color=color, linewidth=3.5)
        hollow = pair.verdict == Verdict.INCONCLUSIVE
        axes.plot(
            [x], [1 / times.ratio], marker=marker, color=color, markersize=11,
            markerfacecolor=style.PAPER if hollow else color, markeredgewidth=2.2,
        )  # fmt: skip


def _scale(axes: Axes, pairs: Sequence[Comparison]) -> None:
    ends = [1 / end for p in pairs for end in (p.times.ratio, p.times.low, p.times.high)]
    axes.set_yscale("log")
    axes.set_ylim(min(np.nanmin(ends), 0.8) / 1.2, max(np.nanmax(ends), 1.25) * 1.2)
    axes.yaxis.set_major_locator(FixedLocator(TICKS))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{max(v, 1 / v):g}x"))
    axes.set_ylabel("times faster (log scale)", fontsize=style.SMALL_PT)


def _table(rows: Mapping[str, Found]) -> pd.DataFrame:
    pairs = [pair for found in rows.values() for pair in found.values()]
    there = [place for found in rows.values() for place in found]
    return frame(pairs).assign(
        run=[place.side.name for place in there],
        delay_ms=[math.nan if p.delay_ms is None else p.delay_ms for p in there],
    )
