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
    drawings,
)
from bench.surveys.document import Survey
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
CHIP, GAP, LID, HEAD = 0.36, 0.05, 0.1, 0.5


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
    rows = drawing.rows
    facts = {row.key: drawing.facts(row, narrow=size.narrow) for row in rows}
    deep = size.high + (0.72 + 0.27 * max(map(len, facts.values())) if size.narrow else 0.0)
    more = OF_SEVERAL if drawing.several else OF_ONE
    title = style.wrapped(drawing.title, 36 if size.narrow else 70)
    foot = [
        line
        for text in (LEGEND, f"{ARROWS}  |  {more}", source)
        for line in style.wrapped(text, 80 if size.narrow else 165)
    ]
    top = 0.3 + 0.4 * len(title) + (0.1 if size.narrow else HEAD)
    bottom = 0.25 + 0.22 * len(foot)
    high = top + deep * len(rows) + bottom
    sheet = Sheet(drawing, size, high)
    for number, line in enumerate(title):
        sheet.text(0.15, 0.32 + 0.4 * number, line, 22 if size.narrow else 25, bold=True)
    for number, line in enumerate(foot):
        y = high - bottom + 0.28 + 0.22 * number
        sheet.text(0.15, y, line, 11 if size.narrow else 12.5, color=MUTED)
    if not size.narrow:
        for box, x in sheet.places.items():
            sheet.text(x, top - 0.22, drawing.heading(box), 15, center=True)
    for number, row in enumerate(rows):
        y = top + deep * number
        sheet.axes.plot([0.15, size.wide - 0.15], [y, y], color=style.GRID, lw=1)
        if size.narrow:
            sheet.text(0.15, y + 0.27, row.label, 17, bold=True)
            sheet.lines(0.15, y + 0.52 + size.high, facts[row.key])
            y += 0.45
        else:
            name = row.label.replace(" (", "\n(").split("\n")
            sheet.lines(0.15, y, name, bold=True)
            sheet.lines(size.wide - size.right + 0.2, y, facts[row.key])
        sheet.row(row, y + size.high / 2)
    return sheet.figure


class Sheet:
    """The paper of a drawing: places are in inches from its left and upper edge.

    ``places`` are the middles of the columns of boxes, ``halves`` half of their widths.
    """

    def __init__(self, drawing: Drawing, size: Size, high: float) -> None:
        self.drawing, self.size, self.kinds = drawing, size, drawing.kinds
        self.figure = Figure(figsize=(size.wide, high), dpi=style.DPI)
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set_xlim(0, size.wide)
        self.axes.set_ylim(high, 0)
        columns = drawing.columns({box for row in drawing.rows for box in row.boxes})
        self.halves = {name: size.widths[self.kinds[name]] / 2 for name in columns}
        room = size.wide - size.left - size.right - 2 * sum(self.halves.values())
        gap = min(4.0, room / max(1, len(columns) - 1))
        self.places: dict[str, float] = {}
        x = size.left
        for name, half in self.halves.items():
            self.places[name] = x + half
            x += 2 * half + gap

    def row(self, row: Row, y: float) -> None:
        """Draw the boxes and arrows of a program, ``y`` the middle of its row."""
        for source, target in row.links:
            self._link(row, source, target, y)
        for name in row.boxes:
            kind, x = self.kinds[name], self.places[name]
            self._box(x, y, kind, min(self.drawing.box(name)["count"], COPIES))
            lower = LID / 2 if kind == DATABASE else 0.0
            self._squares(x, y + lower, self.drawing.chips(row, name))
            if self.size.narrow:
                below = y + self.size.high / 2 - 0.12
                self.text(x, below, self.drawing.heading(name), 13, center=True)
            if name in row.lists:
                above = y - self.size.high / 2 + 0.14
                self.text(x, above, "lists servers", self.size.small, center=True)

    def _link(self, row: Row, source: str, target: str, y: float) -> None:
        """Draw an arrow between two boxes, with a number on it."""
        towards = 1 if self.places[target] > self.places[source] else -1
        start = self.places[source] + towards * (self.halves[source] + 0.06)
        end = self.places[target] - towards * (self.halves[target] + 0.06)
        arrow = FancyArrowPatch(
            (start, y), (end, y), arrowstyle="-|>", mutation_scale=18, lw=2.2, color=LINE,
            shrinkA=0, shrinkB=0,
        )  # fmt: skip
        self.axes.add_patch(arrow)
        first, second = (self.kinds[e] for e in self.drawing.columns((source, target)))
        number, of = self.drawing.on_arrow(row, first, second)
        self.text(
            (start + end) / 2, y - 0.2, number, self.size.text, center=True, bold=True
        )
        self.text((start + end) / 2, y + 0.2, of, 12, center=True, color=MUTED)

    def _box(self, x: float, y: float, kind: str, copies: int) -> None:
        paper, line = FILLS[kind]
        wide, high = self.size.widths[kind], self.size.high - 0.52
        look: dict[str, Any] = {"facecolor": paper, "edgecolor": line, "lw": 2}
        add = self.axes.add_patch
        for copy in reversed(range(copies)):
            shift = 0.07 * copy
            left, top = x - wide / 2, y - high / 2
            if kind == CLIENT:
                middle = shift - 0.035 * (copies - 1)
                add(Circle((x + middle, y - 2 * middle), 0.25, **look))
            elif kind == DATABASE:
                tall = high - 2 * LID
                add(Ellipse((x, y + high / 2 - LID), wide, 2 * LID, **look))
                add(Rectangle((left, top + LID), wide, tall, **{**look, "lw": 0}))
                for side in (left, left + wide):
                    walls = [top + LID, top + LID + tall]
                    self.axes.plot([side] * 2, walls, color=line, lw=2)
                add(Ellipse((x, top + LID), wide, 2 * LID, **look))
            else:
                style_of = "round,pad=0,rounding_size=0.08"
                corner = (left + shift, top - shift)
                add(FancyBboxPatch(corner, wide, high, boxstyle=style_of, **look))

    def _squares(self, x: float, y: float, chips: Sequence[tuple[str, float]]) -> None:
        columns = min(self.size.columns, len(chips))
        if not columns:
            return
        wide = (self.size.widths[SERVER] - 0.14) / self.size.columns - GAP
        chip = CHIP if self.size.columns > 1 else 0.27
        rows = -(-len(chips) // columns)
        for number, (word, survival) in enumerate(chips):
            across, down = number % columns, number // columns
            left = x + (across - columns / 2) * (wide + GAP) + GAP / 2
            top = y + (down - rows / 2) * (chip + GAP) + GAP / 2
            graded = grade(survival)
            paper = COLORS[graded]
            self.axes.add_patch(Rectangle((left, top), wide, chip, facecolor=paper, lw=0))
            said, place = f"{word} {share(survival)}", (left + wide / 2, top + chip / 2)
            self.text(*place, said, self.size.small, center=True, color=TEXT[graded])

    def lines(
        self, x: float, y: float, lines: Sequence[str], *, bold: bool = False
    ) -> None:
        """Write lines below each other, the first one bold if any.

        On a wide screen they are centred on the height of a row.
        """
        step, size = 0.27, self.size
        first = y + 0.13 if size.narrow else y + size.high / 2 - step * (len(lines) - 1) / 2
        for number, line in enumerate(lines):
            self.text(x, first + step * number, line, size.text, bold=bold and not number)

    def text(
        self, x: float, y: float, said: str, size: float, *, center: bool = False,
        bold: bool = False, color: str = INK,
    ) -> None:  # fmt: skip
        self.axes.text(
            x, y, said, fontsize=size, ha="center" if center else "left", va="center",
            color=color, fontweight="bold" if bold else "normal",
        )  # fmt: skip
