"""The headline: a ratio of times per pair of stacks, with interval, noise and verdict."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bench.analysis.compared_rows import Comparison
from bench.analysis.comparisons import of_kind
from bench.analysis.rows import frame
from bench.analysis.stats import MARGIN, Verdict
from bench.contract.alike import MINIMAL, SUBJECT, Kind, stack_order
from bench.contract.rows import ProgramRow
from bench.report import words
from bench.report.charts import style
from bench.report.charts.rows import MIN_COMPANIONS
from bench.report.charts.style import Chart, Look

SUBTITLE = "Left of the line the first is so many times faster, right of it the second"
NAMES_PT = 15.5
NAMES_WIDE = 0.3
"""How much of the width is for names of pairs."""
MARGIN_COLOR, NOISE_COLOR = "#ececef", "#c9cbd6"
MARKS: dict[Verdict, tuple[str, str, str]] = {
    Verdict.FASTER: ("<", "#1f5fa8", "faster"),
    Verdict.SLOWER: (">", "#b3306b", "slower"),
    Verdict.EQUIVALENT: ("s", "#1a1a1b", "equivalent (within 5 %)"),
    Verdict.INCONCLUSIVE: ("o", "#77777c", "undecided"),
}
"""Marker, colour and name of each verdict on the first of a pair."""
PLAIN = ("minimal", "lossless")
"""Variants that stand for their stack, so that its name says enough."""
BETWEEN_GROUPS = 1.25


def spoken(pair: Comparison, look: Look) -> str:
    """Return "ZeroMQ vs HTTP (requests)": variants only where they tell pairs apart."""
    sides = []
    for case in (pair.a, pair.b):
        label = words.stack(case.stack, look.stacks)
        special = words.variant(case).removeprefix("minimal: ")
        plain = special in PLAIN
        sides.append(label if plain else f"{label} ({special})")
    return " vs ".join(sides)


def with_company(pairs: Sequence[Comparison]) -> list[Comparison]:
    """Leave out pairs of a lone ``requests``: see ``rows.with_company``."""
    return [
        pair
        for pair in pairs
        if not (_has_clients(pair.a) or _has_clients(pair.b))
        or _client_pairs(pairs, pair.a.name) >= MIN_COMPANIONS
    ]


def _has_clients(row: ProgramRow) -> bool:
    """Whether there are programs like this one with another client."""
    in_python = row.language == words.PYTHON
    return row.stack in words.CLIENT_OF_MINIMAL and row.variant == MINIMAL and in_python


def _client_pairs(pairs: Iterable[Comparison], name: str) -> int:
    seconds = {pair.b.variant for pair in pairs if pair.a.name == name}
    return sum(variant.endswith(words.CLIENT) for variant in seconds)


def in_declared_cases(compared: Iterable[Comparison]) -> list[Comparison]:
    """Return comparisons of two stacks, in any language, in cases with a declared one."""
    known = of_kind(compared, Kind.DECLARED, Kind.FURTHER, Kind.OTHER_LANGUAGE)
    declared_names = {pair.a.name for pair in of_kind(known, Kind.DECLARED)}
    return [
        pair
        for pair in known
        if pair.a.name in declared_names and pair.a.stack != pair.b.stack
    ]


def in_headline(compared: Iterable[Comparison], placement: str) -> list[Comparison]:
    """Return the comparisons of ``in_declared_cases`` that a placement's chart shows."""
    known = in_declared_cases(compared)
    return with_company([pair for pair in known if pair.a.placement == placement])


def of_subject(pairs: Iterable[Comparison]) -> list[Comparison]:
    return [pair for pair in pairs if pair.a.stack == SUBJECT]


def counted(pairs: Iterable[Comparison]) -> str:
    """Return "faster in 3, slower in 2, undecided in 1" of verdicts."""
    found = Counter(pair.verdict for pair in pairs)
    said = [f"{words.ONE_WORD[name]} in {found[name]}" for name in MARKS if found[name]]
    return ", ".join(said)


def title(pairs: Sequence[Comparison], placement: str, look: Look) -> str:
    """Return the finding, computed from the verdicts of all that is shown."""
    where = words.PLACEMENTS_SHORT[placement].capitalize().replace("cpu", "CPU")
    where = where.replace("cpus", "CPUs")
    mine = of_subject(pairs)
    if not mine:
        return f"{where}: ratios of times"
    label = words.stack(SUBJECT, look.stacks)
    if all(pair.times.too_few_blocks for pair in mine):
        return f"{where}: too few blocks to say which is faster"
    return f"{where}: {label} is {counted(mine)}"


def _places(pairs: Sequence[Comparison], look: Look) -> dict[tuple[str, str], float]:
    """Return the y of each (workload, pair), a slot for each workload's name above."""
    found: dict[tuple[str, str], float] = {}
    y, before = 0.0, None
    order = {name: number for number, name in enumerate(words.WORKLOADS)}
    known = sorted(
        pairs,
        key=lambda pair: (
            order.get(pair.a.workload, len(order)),
            stack_order(pair.a.stack),
            pair.a.language != words.PYTHON,
            stack_order(pair.b.stack)[0],
            pair.b.stack,
        ),
    )
    for pair in known:
        workload = pair.a.workload
        if workload != before:
            y -= BETWEEN_GROUPS
            before = workload
        key = (workload, spoken(pair, look))
        if key not in found:
            found[key] = y
            y -= 1
    return found


def _mark(axes: Axes, pair: Comparison, y: float) -> None:
    marker, color, _ = MARKS[pair.verdict]
    times = pair.times
    left = right = times.ratio
    if not times.too_few_blocks:
        axes.plot([times.low, times.high], [y, y], color=color, linewidth=4)
        left, right = min(left, times.low), max(right, times.high)
    face = style.PAPER if pair.verdict == Verdict.INCONCLUSIVE else color
    axes.plot(
        [times.ratio], [y], marker=marker, color=color, markerfacecolor=face,
        markersize=11, markeredgewidth=2.5,
    )  # fmt: skip
    # The number stands on the side away from 1, clear of the line and the bands.
    below = times.ratio < 1
    axes.annotate(
        words.times(times.ratio), (left if below else right, y),
        (-13 if below else 13, 0), textcoords="offset points", va="center",
        ha="right" if below else "left", fontsize=style.SMALL_PT,
    )  # fmt: skip


def _noise_band(axes: Axes, noise: float, ys: list[float], side: float) -> None:
    if math.isfinite(noise):
        axes.fill_betweenx(
            [min(ys) - side, max(ys) + side],
            1 / (1 + noise),
            1 + noise,
            color=NOISE_COLOR,
            zorder=1,
        )


def _panel(
    axes: Axes,
    pairs: Sequence[Comparison],
    at: dict[tuple[str, str], float],
    look: Look,
) -> None:
    axes.axvspan(1 / MARGIN, MARGIN, color=MARGIN_COLOR, zorder=0.5)
    for workload in sorted({pair.a.workload for pair in pairs}):
        ys = [y for (name, _), y in at.items() if name == workload]
        noise = max(pair.noise for pair in pairs if pair.a.workload == workload)
        _noise_band(axes, noise, ys, 0.5)
    axes.axvline(1, color=style.INK, linewidth=1.5)
    for pair in pairs:
        _mark(axes, pair, at[pair.a.workload, spoken(pair, look)])
    axes.set_ylim(min(at.values()) - 0.7, max(at.values()) + 1.45)


def ratio_axis(axes: Axes, low: float, high: float, what: str) -> None:
    """Make x an axis of ratios of times, whose numbers are at least 1 on both sides."""
    style.log_axis(axes, low, high, what, lambda v: f"{round(max(v, 1 / v), 1):g}x")
    axes.xaxis.labelpad = 2


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


def spans(pairs: Iterable[Comparison]) -> tuple[float, float]:
    """Return the least and the greatest of ratios and bounds, on either side of 1."""
    ends = [end for p in pairs for end in (p.times.ratio, p.times.low, p.times.high)]
    return min(np.nanmin(ends), 0.8), max(np.nanmax(ends), 1.25)


def footer(pairs: Sequence[Comparison]) -> str:
    return style.footer([p.a for p in pairs], [p.times.blocks_done for p in pairs])


def headline(compared: Sequence[Comparison], placement: str, look: Look) -> Chart | None:
    """Return the forest plot of one placement, None where nothing was compared."""
    known = in_headline(compared, placement)
    pairs = of_subject(known) or known
    if not pairs:
        return None
    at = _places(pairs, look)
    heading = title(pairs, placement, look)
    figure = style.blank(heading, SUBTITLE, footer(pairs), look)
    axes = style.panels(figure, 1, left=NAMES_WIDE)[0]
    low, high = spans(pairs)
    room = (high / low) ** 0.22
    low, high = low / room, high * room
    _panel(axes, pairs, at, look)
    what = "times faster (log scale), by round trip p50, else by time per delivered message"
    ratio_axis(axes, low, high, what)
    size = NAMES_PT if len(at) <= 12 else max(12.5, 210 / len(at))
    name_rows(axes, at, size, above=0.95)
    wide = (NAMES_WIDE - 0.015) * figure.bbox.width
    style.shrink(axes.get_yticklabels(), wide, size)
    _legend(figure)
    name = f"headline_{placement}"
    return Chart(name, "comparisons", heading, figure, frame(pairs), pairs)
