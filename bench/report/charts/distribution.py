"""Every sample of round trips and of response times, by percentile."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullLocator
from numpy.typing import NDArray

from bench.analysis.results import Run
from bench.analysis.rows import Estimate, frame, in_one_language
from bench.contract.rows import CaseRow
from bench.measure.percentiles import TAIL_SAMPLES
from bench.report import words
from bench.report.charts import style
from bench.report.charts.findings import best_of_each, said_of
from bench.report.charts.rows import color, footer_of, hollow, label, rows_of, with_company
from bench.report.charts.speed import usual
from bench.report.charts.style import Chart, Look

POINTS = 160
RAREST = 10_000.0
"""One in how many is the rarest sample that is still drawn."""
COMMON_LOAD = "common_50"
TICKS = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999)
TAIL = 0.99
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
LEAST_APART = 0.055
"""How far apart labels at the right end stand at least, as a share of the axis."""


def spectrum(samples_ns: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return 1/(1-q) and the latency in microseconds there, for sorted-out percentiles.

    Ends where fewer than ten samples are expected beyond q.
    """
    beyond = min(RAREST, max(2.0, len(samples_ns) / TAIL_SAMPLES))
    scale = np.geomspace(1.0, beyond, POINTS)
    ordered = np.sort(samples_ns)
    ranks = np.clip(np.ceil(len(ordered) * (1 - 1 / scale)).astype(int) - 1, 0, None)
    return scale, ordered[ranks] / 1e3


def spread(values: list[float], apart: float) -> list[float]:
    """Return positions in the order of ``values``, each ``apart`` from the last."""
    order = sorted(range(len(values)), key=lambda index: values[index])
    placed: dict[int, float] = {}
    last = -np.inf
    for index in order:
        last = max(values[index], last + apart)
        placed[index] = last
    # Half of what all labels were pushed up is taken back.
    excess = max(0.0, max(placed.values()) - max(values)) / 2
    return [placed[index] - excess for index in range(len(values))]


Line = tuple[NDArray[Any], NDArray[Any]]
"""A curve, as ``spectrum`` returns it."""


def _draw(axes: Axes, cases: Sequence[CaseRow], lines: Sequence[Line], look: Look) -> None:
    seen: Counter[str] = Counter()
    for case, (scale, value_us) in zip(cases, lines, strict=True):
        turn, ink = seen[case.stack], color(case, look)
        seen[case.stack] += 1
        axes.plot(
            scale, value_us, color=ink, linewidth=3.5,
            linestyle=LINES[turn % len(LINES)],
            marker=look.markers.get(case.stack, "o"), markevery=POINTS // 5,
            markersize=11, markeredgewidth=2.5,
            markerfacecolor=style.PAPER if hollow(case) else ink,
        )  # fmt: skip


def _name(axes: Axes, cases: Sequence[CaseRow], lines: Sequence[Line], look: Look) -> None:
    """Write each line's name at its right end, moved apart where they would overlap."""
    low, high = np.log(axes.get_ylim())
    ends = [(np.log(value_us[-1]) - low) / (high - low) for _, value_us in lines]
    for case, (scale, value_us), y in zip(
        cases, lines, spread(ends, LEAST_APART), strict=True
    ):
        axes.annotate(
            "",
            (scale[-1], value_us[-1]),
            (1.015, y),
            textcoords=axes.transAxes,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": color(case, look), "linewidth": 1},
        )
        axes.text(
            1.02, y, label(case, look), transform=axes.transAxes, va="center",
            fontsize=style.SMALL_PT, color=style.INK, path_effects=[style.HALO], zorder=5,
        )  # fmt: skip


def _axes(axes: Axes, what: str) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    low, high = axes.get_xlim()[0], axes.get_xlim()[1]
    wide = high > 2000
    ticks = [q for q in TICKS if low <= 1 / (1 - q) <= high and not (wide and q == 0.5)]
    axes.set_xticks([1 / (1 - q) for q in ticks])
    axes.set_xticklabels([f"{100 * q:g} %" for q in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(f"share of {what}s that were at most so long", fontsize=style.SMALL_PT)
    axes.set_ylabel(f"{what}, \N{MICRO SIGN}s (log scale)", fontsize=style.SMALL_PT)
    axes.grid(axis="y", color=style.GRID)
    axes.spines["left"].set_visible(True)


def round_trips(
    run: Run, rows: Sequence[Estimate], placement: str, look: Look
) -> Chart | None:
    """Return the percentile plot of 64 B request/reply, None without a sample."""
    mine = usual(rows, "request_reply", "p50")
    about = {
        "name": f"distribution_request_reply_{placement}",
        "section": "latency",
        "title": f"Request/reply on {words.PLACEMENTS_SHORT[placement]}",
        "subtitle": "Every round trip of all blocks. Lower is better; further right: rarer",
        "what": "round trip",
    }
    placed = [row for row in mine if row.case.placement == placement]
    return _chart(run, placed, about, look)


def response_times(
    run: Run, rows: Iterable[Estimate], workload: str, look: Look
) -> Chart | None:
    """Return the percentile plot at the load that all cells share, None without one."""
    mine = [
        row
        for row in rows
        if (row.case.workload, row.case.quantity) == (workload, "response")
        and row.case.load == COMMON_LOAD
        and row.measure == "p50"
    ]
    about = {
        "name": f"distribution_response_{workload}",
        "section": "response",
        "title": f"{words.workload(workload)} at {words.load(COMMON_LOAD)}",
        "subtitle": "From the intended time. Lower is better; further right: rarer",
        "what": "response time",
    }
    return _chart(run, mine, about, look)


def _chart(
    run: Run, rows: Sequence[Estimate], about: dict[str, str], look: Look
) -> Chart | None:
    part = with_company(rows)
    found = [(row.case, run.samples_ns(row.case.id)) for row in rows_of(part)]
    drawn = [Pooled.of(case, samples) for case, samples in found if len(samples)]
    if not drawn:
        return None
    cases = [pooled.case for pooled in drawn]
    title = _title(drawn, about, look)
    figure = style.blank(title, about["subtitle"], footer_of(part), look)
    axes = figure.add_axes(
        (0.085, style.BOTTOM + 0.01, 0.62, style.TOP - style.BOTTOM + 0.03)
    )
    axes.spines[["top", "right"]].set_visible(False)
    lines = [spectrum(samples) for _, samples in found if len(samples)]
    _draw(axes, cases, lines, look)
    _axes(axes, about["what"])
    bottom, top = axes.get_ylim()
    axes.set_ylim(bottom, top * (top / bottom) ** 0.06)
    _name(axes, cases, lines, look)
    table = frame(drawn)
    return Chart(about["name"], about["section"], title, figure, table, drawn)


def _title(drawn: Sequence[Pooled], about: dict[str, str], look: Look) -> str:
    """Return within how long 99 % arrived, on each stack's best cell."""
    known = [pooled for pooled in drawn if not pooled.case.floor and TAIL in pooled.at_us]
    said = ", ".join(
        f"{words.time_us(pooled.at_us[TAIL])} on "
        f"{words.stack(pooled.case.stack, look.stacks)}"
        for pooled in best_of_each(in_one_language(known), lambda each: each.at_us[TAIL])
    )
    topic = said_of(known, about["title"])
    return f"{topic}: 99 % of {about['what']}s within {said}" if said else topic


@dataclass(frozen=True, slots=True)
class Pooled:
    """Percentiles in microseconds of all samples of a case: of requests, not of blocks.

    ``at_us`` has those beyond which there are samples enough.
    """

    case: CaseRow
    samples: int
    at_us: dict[float, float]
    max_us: float

    @classmethod
    def of(cls, case: CaseRow, samples_ns: NDArray[np.int64]) -> Pooled:
        scale, value_us = spectrum(samples_ns)
        at_us = {
            q: float(np.interp(1 / (1 - q), scale, value_us))
            for q in TICKS[1:]
            if 1 / (1 - q) <= scale[-1] * (1 + 1e-9)
        }
        return cls(case, len(samples_ns), at_us, float(samples_ns.max()) / 1e3)

    @property
    def program(self) -> CaseRow:
        return self.case

    def columns(self) -> dict[str, Any]:
        """Return the row as a chart's file has it."""
        what = ("key", "stack", "variant", "language", "workload", "placement", "floor")
        percentiles = {f"p{100 * q:g}_us": self.at_us.get(q, math.nan) for q in TICKS[1:]}
        return {
            **{name: getattr(self.case, name) for name in what},
            "samples": self.samples,
            **percentiles,
            "max_us": self.max_us,
        }
