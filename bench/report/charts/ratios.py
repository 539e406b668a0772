"""Ratios of times, a row for each pair: of one run with verdicts, or of several runs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from bench.analysis.compared_rows import Comparison
from bench.analysis.comparisons import of_kind
from bench.analysis.rows import frame
from bench.analysis.stats import MARGIN, Verdict
from bench.contract.alike import SUBJECT, Kind, stack_order
from bench.report import ratio, words
from bench.report.charts import style
from bench.report.charts.rows import enough_clients, has_clients
from bench.report.charts.style import Chart, Look

SUBTITLE = "Left of the line the first is so many times faster, right of it the second"
NAMES_PT = 15.5
NAMES_WIDE = 0.3
"""How much of the width is for names of pairs."""
MARGIN_COLOR = "#ececef"
DOUBT = "\N{DAGGER}"
"""Behind a ratio whose verdict does not stand beside its A/A copies."""
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
Place = tuple[str, str]
"""A workload and a pair."""


def spoken(pair: Comparison, look: Look) -> str:
    """Return "ZeroMQ vs HTTP (requests)": variants only where they tell pairs apart."""
    sides = []
    for case in (pair.a, pair.b):
        label = words.stack(case.stack, look.stacks)
        special = words.variant(case).removeprefix("minimal: ")
        plain = special in PLAIN
        sides.append(label if plain else f"{label} ({special})")
    return " vs ".join(sides)


def without_lone_requests(pairs: Sequence[Comparison]) -> list[Comparison]:
    """Leave out pairs of a lone ``requests``: see ``rows.without_lone_requests``."""
    return [
        pair
        for pair in pairs
        if not (has_clients(pair.a) or has_clients(pair.b))
        or enough_clients(other.b for other in pairs if other.a.name == pair.a.name)
    ]


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
    return without_lone_requests([pair for pair in known if pair.a.placement == placement])


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


def places(pairs: Iterable[Comparison], look: Look) -> dict[Place, float]:
    """Return the y of each (workload, pair), a slot for each workload's name above."""
    known = sorted(
        pairs,
        key=lambda pair: (
            words.order(pair.a.workload),
            stack_order(pair.a.stack),
            pair.a.language != words.PYTHON,
            stack_order(pair.b.stack)[0],
            pair.b.stack,
        ),
    )
    places = dict.fromkeys((pair.a.workload, spoken(pair, look)) for pair in known)
    headings = {name: n + 1 for n, name in enumerate(dict.fromkeys(w for w, _ in places))}
    return {
        place: -(row + BETWEEN_GROUPS * headings[place[0]])
        for row, place in enumerate(places)
    }


def mark(
    axes: Axes, pair: Comparison, y: float, color: str, marker: str, size_pt: float
) -> None:
    """Draw a ratio with its interval, and its number if it has a size.

    The number stands on the side away from 1, clear of the line and the bands.
    """
    times = pair.times
    ends = [v for v in (times.ratio, times.low, times.high) if not math.isnan(v)]
    axes.plot([min(ends), max(ends)], [y, y], color=color, linewidth=3.5)
    open_ = pair.verdict == Verdict.INCONCLUSIVE
    axes.plot(
        [times.ratio], [y], marker=marker, color=color, markersize=10,
        markerfacecolor=style.PAPER if open_ else color, markeredgewidth=2.2,
    )  # fmt: skip
    if size_pt:
        below, doubt = times.ratio < 1, "" if pair.stands else f" {DOUBT}"
        axes.annotate(
            f"{ratio.factor(times.ratio, times.low, times.high).times}{doubt}",
            (min(ends) if below else max(ends), y), (-12 if below else 12, 0),
            textcoords="offset points", va="center", ha="right" if below else "left",
            fontsize=size_pt,
        )  # fmt: skip


def frame_of(
    figure: style.Page, pairs: Sequence[Comparison], at: dict[Place, float]
) -> Axes:
    """Return axes of ratios, whose numbers are at least 1 on both sides; name the rows."""
    axes = style.panels(figure, 1, left=NAMES_WIDE)[0]
    axes.axvspan(1 / MARGIN, MARGIN, color=MARGIN_COLOR, zorder=0.5)
    axes.axvline(1, color=style.INK, linewidth=1.5)
    ends = [end for p in pairs for end in (p.times.ratio, p.times.low, p.times.high)]
    low, high = min(np.nanmin(ends), 0.8), max(np.nanmax(ends), 1.25)
    room = (high / low) ** 0.22
    what = "times faster (log scale), by round trip p50, else by time per delivered message"
    style.log_axis(
        axes, low / room, high * room, what, lambda v: f"{round(max(v, 1 / v), 1):g}x"
    )
    axes.xaxis.labelpad = 2
    axes.set_ylim(min(at.values()) - 0.7, max(at.values()) + 1.45)
    size = NAMES_PT if len(at) <= 12 else max(12.5, 210 / len(at))
    axes.set_yticks(list(at.values()))
    axes.set_yticklabels([label for _, label in at], fontsize=size)
    wide = (NAMES_WIDE - 0.015) * figure.bbox.width
    style.shrink(axes.get_yticklabels(), wide, size)
    first: dict[str, float] = {}
    for (workload, _), y in at.items():
        first.setdefault(workload, y)
    for workload, y in first.items():
        axes.text(
            -0.015, y + 0.95, words.workload(workload), ha="right", va="center",
            transform=axes.get_yaxis_transform(), fontsize=size + 1, fontweight="bold",
        )  # fmt: skip
    return axes


def handle(marker: str, color: str, name: str, *, hollow: bool = False) -> Line2D:
    return Line2D(
        [], [], marker=marker, color=color, linestyle="none", markersize=11,
        markerfacecolor=style.PAPER if hollow else color, markeredgewidth=2, label=name,
    )  # fmt: skip


def footer(pairs: Sequence[Comparison]) -> str:
    return style.footer([p.a for p in pairs], [p.times.blocks_done for p in pairs])


def headline(compared: Sequence[Comparison], placement: str, look: Look) -> Chart | None:
    """Return the forest plot of one placement, None where nothing was compared."""
    known = in_headline(compared, placement)
    pairs = of_subject(known) or known
    if not pairs:
        return None
    at = places(pairs, look)
    heading = title(pairs, placement, look)
    figure = style.blank(heading, SUBTITLE, footer(pairs), look)
    axes = frame_of(figure, pairs, at)
    for pair in pairs:
        marker, color, _ = MARKS[pair.verdict]
        y = at[pair.a.workload, spoken(pair, look)]
        mark(axes, pair, y, color, marker, style.SMALL_PT)
    handles: list[Any] = [
        handle(*mark, hollow=verdict == Verdict.INCONCLUSIVE)
        for verdict, mark in MARKS.items()
    ]
    handles.append(Patch(color=MARGIN_COLOR, label="\N{PLUS-MINUS SIGN}5 %"))
    if not all(pair.stands for pair in pairs):
        handles.append(handle(f"${DOUBT}$", style.INK, ratio.FAILED))
    style.legend(figure, handles, 15)
    name = f"headline_{placement}"
    return Chart(name, "comparisons", heading, figure, frame(pairs), pairs)
