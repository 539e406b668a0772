"""Topologies drawn with what was measured: a row for each program, on boxes and arrows.

The shape is the survey's: which boxes there are, how many, and which addresses each owns.
An arrow points from the end that connects to the end that listens, as the signatures of a
program have it. A box with a list of servers is marked: it is edited when one joins.
Programs stand beside each other that list the servers in the same box. Each drawing is made
twice: for a wide screen, and for a narrow one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Ellipse, FancyArrowPatch, FancyBboxPatch, Rectangle

from bench.report.charts import style
from bench.report.charts.boxes import grade, share
from bench.report.charts.failures import COLORS, TEXT
from bench.report.charts.style import INK, MUTED, NARROW, Chart
from bench.report.charts.topology_facts import (
    CLIENT,
    DATABASE,
    MIDDLE,
    SERVER,
    Drawing,
    Row,
    Survey,
    Values,
    chips_of,
    column_of,
    count_of,
    drawings,
    facts_of,
    heading_of,
    kinds_of,
    on_arrow,
)
from bench.surveys.topologies.tally import medians

SECTION = "topologies"
FILLS = {
    CLIENT: ("#f6ead3", "#8a5a00"),
    MIDDLE: ("#ebe4f5", "#5b3f8c"),
    SERVER: ("#dbe9f8", "#1f5fa8"),
    DATABASE: ("#e2ecdf", "#2f6b34"),
}
"""The paper and the line of each kind of box."""
LINE = "#85868c"
COPIES = 3
"""So many copies of a box are drawn at most."""
LEGEND = (
    "Squares: requests of the next 4 s answered within 2 s if one such box is killed, "
    "killed while it holds requests (busy), frozen or cut off"
)
ARROWS = "an arrow points from the end that connects to the one that listens"
OF_ONE = (
    "network: the share of a call outside of the server's code, with more clients the per "
    "cent at the right; inside: the time in it; p99: 1 of 100 takes longer"
)
OF_SEVERAL = "missed: requests whose client was served by another server just before"


class Size(NamedTuple):
    """Measures of a drawing in inches, and of its letters in points."""

    wide: float
    widths: Mapping[str, float]
    columns: int
    left: float
    right: float
    high: float
    text: float
    small: float
    narrow: bool


WIDE = Size(
    16.0, {CLIENT: 0.8, MIDDLE: 2.8, SERVER: 2.8, DATABASE: 1.6}, 2, 2.15, 3.55, 1.4, 14,
    13, narrow=False,
)  # fmt: skip
SLIM = Size(
    7.4, {CLIENT: 0.6, MIDDLE: 1.42, SERVER: 1.42, DATABASE: 1.4}, 1, 0.32, 0.2, 1.85, 14,
    13, narrow=True,
)  # fmt: skip
CHIP, GAP, LID = 0.36, 0.05, 0.1
HEAD, FOOT = 0.5, 0.3


def charts(survey: Survey | None, source: str) -> Iterator[Chart]:
    """Yield the drawings of every topology. ``source`` says whence the numbers are."""
    if survey is None:
        return
    for each in drawings(survey):
        table = _table(survey, each.topology, each.rows)
        for end, size in (("", WIDE), (NARROW, SLIM)):
            with rc_context(style.RC):
                figure = _drawn(each, source, size)
            name = f"{each.name}{end}"
            yield Chart(name, SECTION, each.title, figure, table, page_only=bool(end))


def _table(survey: Survey, topology: str, rows: Sequence[Row]) -> pd.DataFrame:
    """Return every median of the programs of a drawing."""
    labels = {row.key: row.label for row in rows}
    found = [
        (labels[m.key], m.clients, m.fault, m.measure, m.value)
        for m in medians(survey)
        if m.topology == topology and m.key in labels
    ]
    columns = ["program", "clients", "situation", "measure", "median"]
    return pd.DataFrame(found, columns=columns)


def _drawn(drawing: Drawing, source: str, size: Size) -> Figure:
    about, rows, values = drawing.about, drawing.rows, drawing.values
    facts = {row.key: facts_of(about, row, values, narrow=size.narrow) for row in rows}
    deep = size.high + (0.72 + 0.27 * max(map(len, facts.values())) if size.narrow else 0.0)
    more = OF_SEVERAL if count_of(about, SERVER) > 1 else OF_ONE
    lines = style.wrapped(drawing.title, 36 if size.narrow else 70)
    foot = [
        line
        for text in (LEGEND, f"{ARROWS}  |  {more}", source)
        for line in style.wrapped(text, 80 if size.narrow else 165)
    ]
    top = 0.3 + 0.4 * len(lines) + (0.1 if size.narrow else HEAD)
    bottom = 0.25 + 0.22 * len(foot)
    high = top + deep * len(rows) + bottom
    figure = Figure(figsize=(size.wide, high), dpi=style.DPI)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, size.wide)
    axes.set_ylim(high, 0)
    for number, line in enumerate(lines):
        _text(axes, 0.15, 0.32 + 0.4 * number, line, 22 if size.narrow else 25, bold=True)
    for number, line in enumerate(foot):
        y = high - bottom + 0.28 + 0.22 * number
        _text(axes, 0.15, y, line, 11 if size.narrow else 12.5, color=MUTED)
    columns = sorted({box for row in rows for box in row.boxes}, key=column_of(about))
    places = _places(about, columns, size)
    if not size.narrow:
        for box, x in places.items():
            _text(axes, x, top - 0.22, heading_of(about, box), 15, center=True)
    for number, row in enumerate(rows):
        y = top + deep * number
        axes.plot([0.15, size.wide - 0.15], [y, y], color=style.GRID, lw=1)
        if size.narrow:
            _text(axes, 0.15, y + 0.27, row.label, 17, bold=True)
            _lines(axes, 0.15, y + 0.52 + size.high, facts[row.key], size)
            y += 0.45
        else:
            _lines(
                axes, 0.15, y, row.label.replace(" (", "\n(").split("\n"), size, bold=True
            )
            _lines(axes, size.wide - size.right + 0.2, y, facts[row.key], size)
        _row_drawn(axes, about, row, values, places, y + size.high / 2, size)
    return figure


def _places(
    about: Mapping[str, Any], columns: Sequence[str], size: Size
) -> dict[str, float]:
    """Return the middle of each column of boxes, in inches from the left."""
    kinds = kinds_of(about)
    widths = [size.widths[kinds[name]] for name in columns]
    room = size.wide - size.left - size.right
    gap = min(4.0, (room - sum(widths)) / max(1, len(columns) - 1))
    x, found = size.left, {}
    for name, width in zip(columns, widths, strict=True):
        found[name] = x + width / 2
        x += width + gap
    return found


def _row_drawn(
    axes: Axes,
    about: Mapping[str, Any],
    row: Row,
    values: Values,
    places: Mapping[str, float],
    y: float,
    size: Size,
) -> None:
    kinds = kinds_of(about)
    halves = {name: size.widths[kinds[name]] / 2 for name in row.boxes}
    for source, target in row.links:
        _arrow(axes, places, halves, (source, target), y)
        first, second = sorted((source, target), key=column_of(about))
        between = (places[first] + halves[first] + places[second] - halves[second]) / 2
        number, of = on_arrow(about, row, values, kinds[first], kinds[second])
        _text(axes, between, y - 0.2, number, size.text, center=True, bold=True)
        _text(axes, between, y + 0.2, of, 12, center=True, color=MUTED)
    for name in row.boxes:
        count = next(b["count"] for b in about["boxes"] if b["name"] == name)
        chips = chips_of(about, row, values, name)
        _box(axes, places[name], y, kinds[name], min(count, COPIES), size)
        lower = LID / 2 if kinds[name] == DATABASE else 0.0
        _squares(axes, places[name], y + lower, chips, size)
        if size.narrow:
            below = y + size.high / 2 - 0.12
            _text(axes, places[name], below, heading_of(about, name), 13, center=True)
        if name in row.lists:
            above = y - size.high / 2 + 0.14
            _text(axes, places[name], above, "lists servers", size.small, center=True)


def _arrow(
    axes: Axes,
    places: Mapping[str, float],
    halves: Mapping[str, float],
    ends: tuple[str, str],
    y: float,
) -> None:
    source, target = ends
    towards = 1 if places[target] > places[source] else -1
    start = places[source] + towards * (halves[source] + 0.06)
    end = places[target] - towards * (halves[target] + 0.06)
    arrow = FancyArrowPatch(
        (start, y), (end, y), arrowstyle="-|>", mutation_scale=18, lw=2.2, color=LINE,
        shrinkA=0, shrinkB=0,
    )  # fmt: skip
    axes.add_patch(arrow)


def _box(axes: Axes, x: float, y: float, kind: str, copies: int, size: Size) -> None:
    paper, line = FILLS[kind]
    wide = size.widths[kind]
    high = size.high - 0.52
    look: dict[str, Any] = {"facecolor": paper, "edgecolor": line, "lw": 2}
    for copy in reversed(range(copies)):
        shift = 0.07 * copy
        if kind == CLIENT:
            middle = 0.035 * (copies - 1)
            place = (x + shift - middle, y - 2 * (shift - middle))
            axes.add_patch(Circle(place, 0.25, **look))
        elif kind == DATABASE:
            left, top = x - wide / 2, y - high / 2 + LID
            axes.add_patch(Ellipse((x, y + high / 2 - LID), wide, 2 * LID, **look))
            axes.add_patch(
                Rectangle((left, top), wide, high - 2 * LID, **{**look, "lw": 0})
            )
            for side in (left, left + wide):
                axes.plot([side] * 2, [top, top + high - 2 * LID], color=line, lw=2)
            axes.add_patch(Ellipse((x, top), wide, 2 * LID, **look))
        else:
            corner = (x - wide / 2 + shift, y - high / 2 - shift)
            axes.add_patch(
                FancyBboxPatch(
                    corner, wide, high, boxstyle="round,pad=0,rounding_size=0.08", **look
                )
            )


def _squares(
    axes: Axes, x: float, y: float, chips: Sequence[tuple[str, float]], size: Size
) -> None:
    columns = min(size.columns, len(chips))
    if not columns:
        return
    wide = (size.widths[SERVER] - 0.14) / size.columns - GAP
    chip = CHIP if size.columns > 1 else 0.27
    rows = -(-len(chips) // columns)
    for number, (word, survival) in enumerate(chips):
        across, down = number % columns, number // columns
        left = x + (across - columns / 2) * (wide + GAP) + GAP / 2
        top = y + (down - rows / 2) * (chip + GAP) + GAP / 2
        graded = grade(survival)
        axes.add_patch(Rectangle((left, top), wide, chip, facecolor=COLORS[graded], lw=0))
        said = f"{word} {share(survival)}"
        place = left + wide / 2, top + chip / 2
        _text(axes, *place, said, size.small, center=True, color=TEXT[graded])


def _lines(
    axes: Axes, x: float, y: float, lines: Sequence[str], size: Size, *, bold: bool = False
) -> None:
    """Write lines below each other; on a wide screen, centred on the height of a row."""
    step = 0.27
    first = y + 0.13 if size.narrow else y + size.high / 2 - step * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        _text(axes, x, first + step * number, line, size.text, bold=bold and not number)


def _text(
    axes: Axes,
    x: float,
    y: float,
    said: str,
    size: float,
    *,
    center: bool = False,
    bold: bool = False,
    color: str = INK,
) -> None:
    axes.text(
        x, y, said, fontsize=size, ha="center" if center else "left", va="center",
        color=color, fontweight="bold" if bold else "normal",
    )  # fmt: skip
