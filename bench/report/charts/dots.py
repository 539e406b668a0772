"""Dots: a row for each program, its value as a mark with its interval and its number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator

from bench.analysis.rows import Estimate, OfProgram, frame
from bench.contract.alike import exercised
from bench.report import words
from bench.report.charts import style
from bench.report.charts.rows import (
    color,
    footer_of,
    group,
    hollow,
    label,
    labels,
    positions,
)
from bench.report.charts.style import INK, Chart, Look

Form = Callable[[float], str]
Noted = Callable[[Estimate], str]
READ = "Mark: median over blocks, bar: its interval; filled: stands for its stack"
ROOM, ROOM_OF_TWO = 0.45, 0.9
"""How far an axis goes on for a number beside a mark, and for two numbers."""
WIDE = 1e4
NARROW_LEFT, NARROW_GAP = 0.165, 0.155


class Panel(NamedTuple):
    """Rows of one case or more: one mark each, in ``form`` on the axis.

    ``tails`` are second values of rows, by case id: where a smaller mark stands.
    """

    heading: str
    axis: str
    form: Form
    rows: Sequence[Estimate]
    tails: Mapping[str, float] = {}

    @property
    def ends(self) -> list[float]:
        """All values and bounds that there are, above 0."""
        found = [end for row in self.rows for end in (row.value, row.low, row.high)]
        return [end for end in (*found, *self.tails.values()) if end > 0]


class About(NamedTuple):
    """The words of a chart, and where it stands."""

    name: str
    section: str
    title: str
    subtitle: str
    footer: str = ""


def note(row: Estimate) -> str:
    """Return a value as it stands beside its mark."""
    return words.rate(row.value) if row.measure == "rate" else words.time_us(row.value)


def tick(value: float) -> str:
    """Return "10 k" for an axis: a number without the digits that a tick never has."""
    for factor, name in ((1e-6, " M"), (1e-3, " k")):
        if value * factor >= 1:
            return f"{value * factor:g}{name}"
    return f"{value:g}"


def time_tick(value_us: float) -> str:
    """Return "100 us" or "10 ms": a time without the digits that a tick never has."""
    for factor, name in ((1e-6, "s"), (1e-3, "ms")):
        if value_us * factor >= 1:
            return f"{value_us * factor:g} {name}"
    return f"{value_us:g} \N{MICRO SIGN}s"


def by_value(panels: Iterable[Panel]) -> list[Estimate]:
    """Return the first row of each program, best first among programs that are alike."""
    first: dict[str, Estimate] = {}
    for row in (row for panel in panels for row in panel.rows):
        first.setdefault(row.case.key, row)

    def rank(row: Estimate) -> tuple[object, ...]:
        less_is_better = -1 if row.measure == "rate" else 1
        return *group(row.case), less_is_better * row.value

    return sorted(first.values(), key=rank)


def chart(about: About, panels: Sequence[Panel], look: Look, noted: Noted = note) -> Chart:
    """Return panels side by side that share their rows and their scale."""
    shown = _each_once(panels)
    programs = by_value(panels)
    at = positions(programs)
    footer, rows = about.footer or footer_of(shown), (len(at) + 2) * len(panels)
    figure = style.blank(about.title, about.subtitle, footer, look, rows)
    made = style.panels(figure, len(panels))
    room = ROOM_OF_TWO if any(panel.tails for panel in panels) else ROOM
    low, high = _limits([end for panel in panels for end in panel.ends], room)
    size = style.row_size(len(at))
    for axes, panel in zip(made, panels, strict=True):
        _panel(axes, panel, [at[row.case.key] for row in panel.rows], look, noted, size)
        _absent(axes, panel, at)
        rules(axes, programs, at)
        style.log_axis(axes, low, high, panel.axis, panel.form)
        above = 1 if look.narrow else 0.6
        axes.set_ylim(min(at.values()) - 0.6, max(at.values()) + above)
        axes.set_yticks([])
    for axes in made if look.narrow else made[:1]:
        style.row_labels(axes, labels(programs, at, look))
    return Chart(about.name, about.section, about.title, figure, frame(shown), shown)


def unlike(
    about: About, panels: Sequence[Panel], look: Look, names: Noted | None = None
) -> Chart:
    """Return panels side by side, each with rows and a scale of its own."""
    shown = _each_once(panels)
    figure = style.blank(about.title, about.subtitle, footer_of(shown), look)
    made = style.panels(figure, len(panels), left=NARROW_LEFT, gap=NARROW_GAP)

    def two_lines(row: Estimate) -> str:
        return label(row.case, look).replace(" (", "\n(")

    named = names or two_lines
    for axes, panel in zip(made, panels, strict=True):
        ys = [-float(number) for number in range(len(panel.rows))]
        _panel(axes, panel, ys, look, note, style.LABEL_PT, pad=10)
        low, high = _limits(panel.ends)
        room = high * 1.3 * (high / low) ** 0.14
        style.log_axis(axes, low / 1.25, room, panel.axis, panel.form)
        if high / low > WIDE:  # a narrow panel has no room for more
            axes.xaxis.set_major_locator(LogLocator(base=10, numticks=3))
        rows = zip(ys, panel.rows, strict=True)
        style.row_labels(axes, [(y, named(row), INK) for y, row in rows])
        for text in axes.get_yticklabels():
            text.set_fontsize(15)
        axes.set_ylim(min(ys) - 0.7, 0.7)
    return Chart(about.name, about.section, about.title, figure, frame(shown), shown)


def _each_once(panels: Iterable[Panel]) -> list[Estimate]:
    rows = (row for panel in panels for row in panel.rows)
    return list({row.case.id: row for row in rows}.values())


def _panel(
    axes: Axes, panel: Panel, ys: Sequence[float], look: Look, noted: Noted, size: float,
    pad: float | None = None,
) -> None:  # fmt: skip
    """Draw the rows of a panel below its heading."""
    if "\n" in panel.heading:  # leave room for a second line
        box = axes.get_position()
        axes.set_position((box.x0, box.y0, box.width, box.height * 0.94))
    axes.set_title(panel.heading, pad=pad)
    for row, y in zip(panel.rows, ys, strict=True):
        _draw(axes, row, y, look, noted(row), size, panel.tails)


def _draw(
    axes: Axes, row: Estimate, y: float, look: Look, said: str, size: float,
    tails: Mapping[str, float],
) -> None:  # fmt: skip
    """Draw interval, mark and number of one row, in type of this size in points."""
    ink, value = color(row.case, look), row.value
    ends = [value]
    if not np.isnan(row.low):
        ends += [row.low, row.high]
        axes.plot(
            ends[1:], [y, y], color=ink, linewidth=5, solid_capstyle="butt", alpha=0.5
        )
    marks = [(value, 14 * size / style.LABEL_PT)]
    if (tail := tails.get(row.case.id)) is not None:
        ends.append(tail)
        marks.append((tail, 9))
        axes.plot([value, tail], [y, y], color=ink, linewidth=3)
    for x, large in marks:
        axes.plot(
            [x], [y], marker=look.markers.get(row.case.stack, "o"), markersize=large,
            color=ink, markerfacecolor=style.PAPER if hollow(row.case) else ink,
            markeredgewidth=3, linestyle="none",
        )  # fmt: skip
    axes.annotate(
        said, (max(ends), y), (16, 0), textcoords="offset points", va="center",
        fontsize=size, color=INK, bbox=style.BEHIND,
    )  # fmt: skip


def _limits(values: Sequence[float], room: float = ROOM) -> tuple[float, float]:
    """Return log limits that leave room for the number right of the last mark."""
    low, high = min(values), max(values)
    span = max(high / low, 3.0)
    return low / span**0.09, high * span**room


def _absent(axes: Axes, panel: Panel, at: Mapping[str, float]) -> None:
    """Say which programs of other panels were not measured in this one."""
    present = {row.case.key for row in panel.rows}
    for y in (y for key, y in at.items() if key not in present):
        axes.text(
            0.02, y, "not measured here", transform=axes.get_yaxis_transform(),
            va="center", fontsize=13, color=style.MUTED, style="italic",
        )  # fmt: skip


def rules(axes: Axes, rows: Iterable[OfProgram], at: Mapping[str, float]) -> None:
    """Rule a line between programs of different promises: they are not compared."""
    for before, after in pairwise(row.program for row in rows):
        if exercised(before) != exercised(after) and before.language == after.language:
            axes.axhline(at[after.key] + 0.85, color=style.MUTED, linewidth=1.5)
