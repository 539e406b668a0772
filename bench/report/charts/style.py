"""One look for every chart: large type, few marks, colour never alone.

Figures are 16:9 and sized for a slide: at 16 inches wide, 20 points stay readable from
the back of a room. Output is the same bytes for the same data: no dates, a fixed salt
for the ids in SVG.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from bench.contract.rows import CaseRow
from bench.report import words

INK = "#1a1a1b"
MUTED = "#5b5b5e"
GRID = "#d9d9dc"
PAPER = "#ffffff"
BEHIND = {"facecolor": PAPER, "edgecolor": "none", "pad": 1.2}
"""Labels stay readable where a line passes behind them."""
WIDTH_IN, HEIGHT_IN, DPI = 16.0, 9.0, 100
NARROW = "_narrow"
"""The end of the name of a chart that is drawn again for a narrow screen."""
NARROW_IN, ROW_IN, LEGEND_IN = 7.4, 0.62, 0.28
"""A narrow figure's width, and the heights of its rows and of a legend's, in inches."""
TITLE_PT, SUBTITLE_PT, LABEL_PT, SMALL_PT, FOOTER_PT = 30, 19, 19, 16, 12.5
TITLE_CHARS, SUBTITLE_CHARS, LONGEST_WORD = 62, 108, 12
LEFT, RIGHT, BOTTOM, TOP, GAP = 0.265, 0.985, 0.2, 0.79, 0.05
SPARE_COLORS = ("#CC79A7", "#56B4E9", "#E69F00", "#882255", "#44AA99", "#332288")
"""Okabe and Ito's, then Tol's: for stacks whose stack.toml names no colour."""
HATCHES = ("", "//", "xx", "\\\\", "--", "++")
KNOWN = {"http": ("o", ""), "raw_socket": ("s", "//"), "zmq": ("D", "xx")}
"""Marker and hatch of the project's own stacks. They belong to the stack, as its colour
does, so that two reports look alike."""
SPARE_MARKERS = "^vP*Xhdp<>"
SPARE_HATCHES = ("\\\\", "--", "++")
FLOOR_MARKER = "x"
RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": LABEL_PT,
    "text.hinting": "none",  # letters as wide in pixels as in an SVG
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.axisbelow": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlepad": 12,
    "axes.titlesize": LABEL_PT,
    "axes.titley": 1.0,  # where it would be: looking for it costs each drawing a layout
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": SMALL_PT,
    "legend.frameon": False,
    "hatch.linewidth": 1.2,
    "hatch.color": PAPER,
    "svg.hashsalt": "nomiddle",
    "svg.fonttype": "none",
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}


@dataclass(frozen=True)
class Chart:
    """A figure with the table that it was drawn from.

    ``name`` is its file name without the ending, ``section`` where the report puts it;
    ``rows`` are those of the table.
    """

    name: str
    section: str
    title: str
    figure: Figure
    table: pd.DataFrame
    rows: Sequence[Any] = ()
    page_only: bool = False
    """Whether it stands in a page alone, and is no file."""


@dataclass(frozen=True)
class Look:
    """Colour and marker of each stack of a run, and the run's facts for the footer."""

    stacks: Mapping[str, Any]
    colors: Mapping[str, str]
    markers: Mapping[str, str]
    source: str
    narrow: bool = False
    """Whether charts are as wide as a phone, their panels below each other."""

    @classmethod
    def of(cls, stacks: Mapping[str, Any], floors: Sequence[str], source: str) -> Look:
        named = {name: str(about.get("color") or "") for name, about in stacks.items()}
        bare = [name for name in sorted(stacks) if not named[name]]
        colors = {**named, **_own(bare, SPARE_COLORS)}
        known = {name: marker for name, (marker, _) in KNOWN.items() if name in stacks}
        others = [name for name in sorted(stacks) if name not in (*KNOWN, *floors)]
        floor_markers = dict.fromkeys(floors, FLOOR_MARKER)
        markers = {**known, **_own(others, SPARE_MARKERS), **floor_markers}
        return cls(stacks, colors, markers, source)


def _own(names: Sequence[str], spare: Sequence[str]) -> dict[str, str]:
    """Return something spare for each name: its own, or the next that is free."""
    found: dict[str, str] = {}
    for name in names:
        at = crc32(name.encode()) % len(spare)
        turns = [spare[(at + turn) % len(spare)] for turn in range(len(spare))]
        free = [one for one in turns if one not in found.values()]
        found[name] = (free or turns)[0]
    return found


def hatch(stack: str) -> str:
    """Return the hatch of a stack's bars."""
    if stack in KNOWN:
        return KNOWN[stack][1]
    return SPARE_HATCHES[crc32(stack.encode()) % len(SPARE_HATCHES)]


def text(figure: Figure, x: float, y: float, words: str, **how: Any) -> None:
    figure.text(x, y, words, **{"va": "center", "ha": "left", **how})


def wrapped(words: str, chars: int) -> list[str]:
    """Return words in as few lines as there have to be, of like length."""
    lines = len(textwrap.wrap(words, chars))
    return textwrap.wrap(words, min(chars, len(words) // max(1, lines) + LONGEST_WORD))


def _title_width(title: str) -> int:
    """Return after how many characters a title breaks, into two lines of like length."""
    if len(title) <= TITLE_CHARS:
        return TITLE_CHARS
    return max(TITLE_CHARS, len(title) // 2 + LONGEST_WORD)


class Page(Figure):
    """A figure that knows between which heights its panels may stand, from 0 to 1."""

    narrow = False
    bottom, top = BOTTOM, TOP
    foot_in = 0.8
    """The room below the panels of a narrow one, in inches: for source and legend."""


def headed(
    title: str, said: tuple[str, str], size_in: tuple[float, float], *, narrow: bool
) -> Page:
    """Return an empty figure of any size: title and subtitle above, source below."""
    figure = Page(figsize=size_in, dpi=DPI)
    FigureCanvasAgg(figure)
    high = size_in[1]
    size, line_in = (20, 0.34) if narrow else (26, 0.44)
    y = 0.3
    for line in wrapped(title, 36 if narrow else 74):
        text(figure, 0.012, 1 - y / high, line, fontsize=size, fontweight="bold")
        y += line_in
    for line in wrapped(said[0], 56 if narrow else 120):
        about = 15 if narrow else 17
        text(figure, 0.012, 1 - y / high, line, fontsize=about, color=MUTED)
        y += 0.28
    small = 11 if narrow else FOOTER_PT
    for number, line in enumerate(reversed(wrapped(said[1], 72 if narrow else 200))):
        y_foot = (0.14 + 0.2 * number) / high
        text(figure, 0.012, y_foot, line, fontsize=small, color=MUTED)
    figure.narrow, figure.top = narrow, 1 - (y + 0.1) / high
    if not narrow:
        figure.bottom, figure.top = 1.15 / high, figure.top - 0.6 / high
    return figure


def blank(
    title: str, subtitle: str, footer: str, look: Look, rows: int = 0, explained: int = 0
) -> Page:
    """Return an empty figure with its title above and its provenance below.

    A narrow one has room for so many ``rows`` of all panels, and lines of a legend.
    """
    if look.narrow:
        legend_in = LEGEND_IN * explained
        size_in = (NARROW_IN, 2.6 + ROW_IN * rows + legend_in)
        said = f"{footer}  |  {look.source}"
        made = headed(title, (subtitle, said), size_in, narrow=True)
        made.foot_in += legend_in
        return made
    figure = Page(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI)
    FigureCanvasAgg(figure)
    lines = textwrap.wrap(title, _title_width(title))
    size = min(TITLE_PT, TITLE_PT * TITLE_CHARS / max(map(len, lines)))
    if len(lines) > 1:
        size *= 0.9
    for number, line in enumerate(lines):
        y = 0.948 if len(lines) == 1 else 0.965 - 0.046 * number
        text(figure, 0.015, y, line, fontsize=size, fontweight="bold")
    y = 0.888 if len(lines) == 1 else 0.872
    size = SUBTITLE_PT * min(1.0, SUBTITLE_CHARS / max(1, len(subtitle)))
    text(figure, 0.015, y, subtitle, fontsize=size, color=MUTED)
    for line, y in ((footer, 0.05), (look.source, 0.022)):
        text(figure, 0.015, y, line, fontsize=FOOTER_PT, color=MUTED)
    return figure


def panels(
    figure: Page, count: int, left: float = LEFT, gap: float = GAP, right: float = RIGHT
) -> list[Axes]:
    """Return ``count`` axes side by side, each with a clean frame and a light grid.

    On a narrow figure they stand below each other.
    """
    width = (right - left - gap * (count - 1)) / count
    high = float(figure.get_figheight())
    step = (figure.top - figure.foot_in / high) / count
    made = []
    for number in range(count):
        across = left + number * (width + gap)
        place = (across, figure.bottom, width, figure.top - figure.bottom)
        if figure.narrow:
            low = figure.top - (number + 1) * step + 0.7 / high
            place = (0.02, low, 0.95, step - 1.2 / high)
        axes = figure.add_axes(place)
        axes.spines["left"].set_visible(False)
        axes.grid(axis="x", color=GRID, linewidth=1)
        axes.tick_params(axis="y", length=0, pad=10)
        made.append(axes)
    return made


def log_axis(axes: Axes, low: float, high: float, label: str, form: Any) -> None:
    """Make x logarithmic from ``low`` to ``high``, with few, plain tick labels."""
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    decades = high / low
    few = 5 if decades > 1e4 else 12
    subs = (1.0,) if decades > 300 else (1.0, 3.0) if decades > 20 else (1.0, 2.0, 5.0)
    axes.xaxis.set_major_locator(LogLocator(base=10, subs=subs, numticks=few))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: form(value)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(label, fontsize=SMALL_PT, labelpad=8)


def legend(figure: Figure, handles: Sequence[Any], size_pt: float = 14.0) -> None:
    """Explain marks in a line below the axes, smaller where there is much to explain."""
    narrow = isinstance(figure, Page) and figure.narrow
    figure.legend(
        handles=[*handles], loc="lower left" if narrow else "center left",
        bbox_to_anchor=(0.01, 0.6 / figure.get_figheight() if narrow else 0.093),
        ncols=1 if narrow else len(handles), fontsize=size_pt, handletextpad=0.5,
        columnspacing=1.5,
    )  # fmt: skip


def shrink(texts: Sequence[Text], wide: float, most_pt: float) -> None:
    """Give texts of one size that at which the widest is so many pixels wide at most."""
    widest = max(float(text.get_window_extent().width) for text in texts)
    size = float(texts[0].get_fontsize()) * min(1.0, wide / widest)
    for text in texts:
        text.set_fontsize(min(size, most_pt))


def is_narrow(axes: Axes) -> bool:
    return isinstance(axes.figure, Page) and axes.figure.narrow


def row_labels(axes: Axes, labels: Sequence[tuple[float, str, str]]) -> None:
    """Write (y, label, colour) left of the axes; on a narrow figure above each row."""
    if is_narrow(axes):
        for y, label, color in labels:
            axes.text(
                0, y + 0.25, label, transform=axes.get_yaxis_transform(), va="bottom",
                fontsize=SMALL_PT, color=color, bbox=BEHIND,
            )  # fmt: skip
        return
    axes.set_yticks([y for y, _, _ in labels])
    axes.set_yticklabels([label for _, label, _ in labels], fontsize=row_size(len(labels)))
    for tick, (_, _, color) in zip(axes.get_yticklabels(), labels, strict=True):
        tick.set_color(color)


def row_size(rows: int) -> float:
    """Return the font size in points at which so many rows still stand apart."""
    return LABEL_PT if rows <= 9 else max(12.0, LABEL_PT * 9 / rows + 2)


def footer(cases: Sequence[CaseRow], blocks: Sequence[int]) -> str:
    """Return the case on one line: what all cases share, with their blocks."""
    shared = (
        dict.fromkeys(words.size(case.size_bytes) for case in cases),
        dict.fromkeys(case.transport for case in cases),
        sorted({words.instances(case) for case in cases}),
        dict.fromkeys(case.placement for case in cases),
    )
    said = ", ".join(" / ".join(values) for values in shared)
    return f"case: {said}  |  {words.block_counts([*blocks] or [0])} blocks"
