"""One look for every chart: large type, few marks, colour never alone.

Figures are 16:9 and sized for a slide: at 16 inches wide, 20 points stay readable from
the back of a room. Output is the same bytes for the same data: no dates, a fixed salt
for the ids in SVG.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from bench.charts import words
from bench.frames import records

INK = "#1a1a1b"
MUTED = "#5b5b5e"
GRID = "#d9d9dc"
PAPER = "#ffffff"
HALO = withStroke(linewidth=4, foreground=PAPER)
"""Labels stay readable where a line passes behind them."""
WIDTH_IN, HEIGHT_IN, DPI = 16.0, 9.0, 100
TITLE_PT, SUBTITLE_PT, LABEL_PT, SMALL_PT, FOOTER_PT = 30, 19, 19, 16, 12.5
TITLE_CHARS, LONGEST_WORD = 62, 12
LEFT, RIGHT, BOTTOM, TOP, GAP = 0.265, 0.985, 0.2, 0.79, 0.05
SPARE_COLORS = ("#CC79A7", "#56B4E9", "#E69F00", "#882255", "#44AA99", "#332288")
"""Okabe and Ito's, then Tol's: for stacks whose stack.toml names no colour."""
MARKERS = "osD^vP*Xhd"
HATCHES = ("", "//", "xx", "\\\\", "--", "++")
FLOOR_MARKER = "x"
RC: Any = {
    "font.family": "DejaVu Sans",
    "font.size": LABEL_PT,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.labelsize": SMALL_PT,
    "hatch.linewidth": 1.2,
    "hatch.color": PAPER,
    "svg.hashsalt": "nomiddle",
    "svg.fonttype": "path",
    "figure.facecolor": PAPER,
    "savefig.facecolor": PAPER,
}


@dataclass(frozen=True)
class Chart:
    """A figure with the table that it was drawn from.

    ``name`` is its file name without the ending, ``section`` where the report puts it.
    """

    name: str
    section: str
    title: str
    figure: Figure
    table: pd.DataFrame


@dataclass(frozen=True)
class Look:
    """Colour and marker of each stack of a run, and the run's facts for the footer."""

    stacks: Mapping[str, Any]
    colors: Mapping[str, str]
    markers: Mapping[str, str]
    source: str

    @classmethod
    def of(cls, stacks: Mapping[str, Any], floors: Sequence[str], source: str) -> Look:
        spare = iter(SPARE_COLORS * len(stacks))
        plain = [name for name in sorted(stacks) if name not in floors]
        colors = {name: stacks[name].get("color") or next(spare) for name in sorted(stacks)}
        markers = {name: MARKERS[i % len(MARKERS)] for i, name in enumerate(plain)}
        floor_markers = dict.fromkeys(floors, FLOOR_MARKER)
        return cls(stacks, colors, {**markers, **floor_markers}, source)


def text(figure: Figure, x: float, y: float, words: str, **how: Any) -> None:
    figure.text(x, y, words, **{"va": "center", "ha": "left", **how})


def _title_width(title: str) -> int:
    """Return after how many characters a title breaks, into two lines of like length."""
    if len(title) <= TITLE_CHARS:
        return TITLE_CHARS
    return max(TITLE_CHARS, len(title) // 2 + LONGEST_WORD)


def blank(title: str, subtitle: str, footer: str, look: Look) -> Figure:
    """Return an empty figure with its title above and its provenance below."""
    figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DPI)
    FigureCanvasAgg(figure)
    lines = textwrap.wrap(title, _title_width(title))
    size = min(TITLE_PT, TITLE_PT * TITLE_CHARS / max(map(len, lines)))
    if len(lines) > 1:
        size *= 0.9
    for number, line in enumerate(lines):
        y = 0.948 if len(lines) == 1 else 0.965 - 0.046 * number
        text(figure, 0.015, y, line, fontsize=size, fontweight="bold")
    y = 0.888 if len(lines) == 1 else 0.872
    text(figure, 0.015, y, subtitle, fontsize=SUBTITLE_PT, color=MUTED)
    for line, y in ((footer, 0.05), (look.source, 0.022)):
        text(figure, 0.015, y, line, fontsize=FOOTER_PT, color=MUTED)
    return figure


def panels(figure: Figure, count: int, left: float = LEFT, gap: float = GAP) -> list[Axes]:
    """Return ``count`` axes side by side, each with a clean frame and a light grid."""
    width = (RIGHT - left - gap * (count - 1)) / count
    made = []
    for number in range(count):
        x = left + number * (width + gap)
        axes = figure.add_axes((x, BOTTOM, width, TOP - BOTTOM))
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.grid(axis="x", color=GRID, linewidth=1)
        axes.set_axisbelow(True)
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


def shrink(texts: Sequence[Text], wide: float, most_pt: float) -> None:
    """Give texts of one size that at which the widest is so many pixels wide at most."""
    widest = max(float(text.get_window_extent().width) for text in texts)
    size = float(texts[0].get_fontsize()) * min(1.0, wide / widest)
    for text in texts:
        text.set_fontsize(min(size, most_pt))


def row_labels(axes: Axes, labels: Sequence[tuple[float, str, str]]) -> None:
    """Write (y, label, colour) left of the axes."""
    axes.set_yticks([y for y, _, _ in labels])
    axes.set_yticklabels([label for _, label, _ in labels], fontsize=row_size(len(labels)))
    for tick, (_, _, color) in zip(axes.get_yticklabels(), labels, strict=True):
        tick.set_color(color)


def row_size(rows: int) -> float:
    """Return the font size in points at which so many rows still stand apart."""
    return LABEL_PT if rows <= 9 else max(12.0, LABEL_PT * 9 / rows + 2)


def svg(figure: Figure) -> str:
    out = io.StringIO()
    with rc_context(RC):
        figure.savefig(out, format="svg", metadata={"Date": None})
    return out.getvalue()


def png(figure: Figure) -> bytes:
    out = io.BytesIO()
    with rc_context(RC):
        figure.savefig(out, format="png", dpi=DPI, metadata={"Software": None})
    return out.getvalue()


def footer(rows: pd.DataFrame) -> str:
    """Return the case on one line: what all rows share, with their blocks."""
    shared = []
    for column, form in (
        ("size_bytes", lambda v: words.size(int(v))),
        ("transport", str),
        ("instances", None),
        ("placement", str),
    ):
        if form is None:
            counts = sorted({words.instances(row) for row in records(rows)})
            shared.append(" / ".join(counts))
            continue
        values = [form(value) for value in dict.fromkeys(rows[column])]
        shared.append(" / ".join(values))
    blocks = words.block_counts([int(n) for n in rows["blocks_done"]] or [0])
    return "case: " + ", ".join(shared) + f"  |  {blocks} blocks"
