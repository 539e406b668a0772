"""Lines: how a value grows, each line named at its right end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from bench.contract.rows import CaseRow
from bench.report.charts import style
from bench.report.charts.rows import color, hollow, label
from bench.report.charts.style import Look

BETWEEN_PT = 22.0
"""How far apart names at the right end stand at least."""


class End(NamedTuple):
    """A line's name, the point where the line ends, and its colour."""

    name: str
    at: tuple[float, float]
    ink: str


def plane(
    figure: Figure, left: float, width: float, xlabel: str, ylabel: str, form: Any,
    heading: str = "",
) -> Axes:  # fmt: skip
    """Return axes with a logarithmic scale both ways, room for names on the right.

    A ``heading`` stands above them, below the chart's subtitle.
    """
    low, top = style.BOTTOM + 0.01, style.TOP + (-0.03 if heading else 0.03)
    axes = figure.add_axes((left, low, width, top - low))
    axes.set_title(heading)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.grid(axis="y", color=style.GRID)
    axes.set_xlabel(xlabel, fontsize=style.SMALL_PT)
    axes.set_ylabel(ylabel, fontsize=style.SMALL_PT)
    plain(axes.yaxis, form)
    return axes


def plain(axis: Any, form: Any) -> None:
    """Write the numbers of an axis in words, and none between its ticks."""
    axis.set_major_formatter(FuncFormatter(lambda value, _: form(value)))
    axis.set_minor_locator(NullLocator())


def draw(
    axes: Axes, xs: Sequence[float], ys: Sequence[float], case: CaseRow, look: Look,
    **how: Any,
) -> End:  # fmt: skip
    """Draw a program's line in the colour and with the marker of its stack.

    Return where it ends, with its name.
    """
    ink = color(case, look)
    face = style.PAPER if hollow(case) else ink
    marked = {"marker": look.markers.get(case.stack, "o"), "markerfacecolor": face}
    sized = {"linewidth": 3, "markersize": 11, "markeredgewidth": 2.5}
    axes.plot(xs, ys, color=ink, **{**marked, **sized, **how})
    return End(label(case, look), (xs[-1], ys[-1]), ink)


def name_ends(axes: Axes, ends: Sequence[End]) -> None:
    """Write each line's name right of its end, moved apart where they would overlap."""
    box = axes.get_window_extent()
    high = [(axes.transData.transform(end.at)[1] - box.y0) / box.height for end in ends]
    apart = BETWEEN_PT * style.DPI / 72 / box.height
    for end, y in zip(ends, spread(high, apart), strict=True):
        axes.annotate(
            end.name, end.at, (1.05, y), textcoords=axes.transAxes, va="center",
            fontsize=style.SMALL_PT, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": end.ink, "lw": 1, "relpos": (0, 0.5)},
        )  # fmt: skip


def spread(values: Sequence[float], apart: float) -> list[float]:
    """Return positions in the order of ``values``, each ``apart`` from the last."""
    order = sorted(range(len(values)), key=lambda index: values[index])
    placed: dict[int, float] = {}
    last = -float("inf")
    for index in order:
        last = placed[index] = max(values[index], last + apart)
    # Half of what all names were pushed up is taken back.
    excess = max(0.0, max(placed.values(), default=0) - max(values, default=0)) / 2
    return [placed[index] - excess for index in range(len(values))]
