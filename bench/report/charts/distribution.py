"""Every sample of round trips and of response times, by percentile."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator
from numpy.typing import NDArray

from bench.analysis.results import Run
from bench.analysis.rows import Estimate, frame, in_one_language
from bench.contract.rows import CaseRow
from bench.measure.percentiles import TAIL_SAMPLES
from bench.report import words
from bench.report.charts import lines, style
from bench.report.charts.findings import best_of_each, said_of
from bench.report.charts.rows import footer_of, rows_of, without_lone_requests
from bench.report.charts.speed import usual
from bench.report.charts.style import Chart, Look

POINTS = 160
RAREST = 10_000.0
"""One in how many is the rarest sample that is still drawn."""
COMMON_LOAD = "common_50"
TICKS = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999)
TAIL = 0.99
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
FAR = 2000
"""An axis that reaches so far has no room for 50 %."""


def spectrum(samples_ns: NDArray[np.int64]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return 1/(1-q) and the latency in microseconds there, for sorted-out percentiles.

    Ends where fewer than ten samples are expected beyond q.
    """
    beyond = min(RAREST, max(2.0, len(samples_ns) / TAIL_SAMPLES))
    scale = np.geomspace(1.0, beyond, POINTS)
    ordered = np.sort(samples_ns)
    ranks = np.clip(np.ceil(len(ordered) * (1 - 1 / scale)).astype(int) - 1, 0, None)
    return scale, ordered[ranks] / 1e3


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
    part = without_lone_requests(rows)
    every = [(row.case, run.samples_ns(row.case.id)) for row in rows_of(part)]
    found = [(case, samples) for case, samples in every if len(samples)]
    drawn = [Pooled.of(case, samples) for case, samples in found]
    if not drawn:
        return None
    title = _title(drawn, about, look)
    what = about["what"]
    figure = style.blank(title, about["subtitle"], footer_of(part), look)
    axes = lines.plane(
        figure, 0.085, 0.62, f"share of {what}s that were at most so long",
        f"{what}, \N{MICRO SIGN}s (log scale)", lambda value: f"{value:g}",
    )  # fmt: skip
    seen: Counter[str] = Counter()
    ends = []
    for case, samples in found:
        scale, value_us = spectrum(samples)
        dashes = LINES[seen[case.stack] % len(LINES)]
        seen[case.stack] += 1
        how: Any = {"linestyle": dashes, "markevery": POINTS // 5}
        end = lines.draw(axes, scale.tolist(), value_us.tolist(), case, look, **how)
        ends.append(end)
    _ticks(axes)
    lines.name_ends(axes, ends)
    return Chart(about["name"], about["section"], title, figure, frame(drawn), drawn)


def _ticks(axes: Axes) -> None:
    """Have the axis of shares say "99 %" where one in a hundred takes longer."""
    low, high = axes.get_xlim()
    ticks = [q for q in TICKS if low <= 1 / (1 - q) <= high]
    if high > FAR:
        ticks.remove(0.5)
    axes.set_xticks([1 / (1 - q) for q in ticks])
    axes.set_xticklabels([f"{100 * q:g} %" for q in ticks])
    axes.xaxis.set_minor_locator(NullLocator())


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
