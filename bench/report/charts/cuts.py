"""Recovery and losses against the length of a cut of the link."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from bench.analysis.recovery import measured
from bench.analysis.recovery_rows import Recovery
from bench.analysis.rows import frame, grouped
from bench.report import words
from bench.report.charts import lines, outcomes, style
from bench.report.charts.failures import case_line
from bench.report.charts.outcomes import program_order, variant_order
from bench.report.charts.rows import color
from bench.report.charts.style import PAPER, Chart, Look

CUT = "F6"
"""The number in the catalogue of a link that is cut silently."""
LEAST_LENGTHS = 2
DASHES = {"minimal": "--", "heartbeats": ":", "resilient": "-"}
Value = Callable[[Recovery], tuple[float, float]]
LEAST_S = 0.1
"""Below this the axis of times is linear, down to 0."""


class Cut(NamedTuple):
    """A program that met a cut, and how long that lasted, the median over programs."""

    row: Recovery
    length_s: float


def cuts_of(rows: Iterable[Recovery], workload: str) -> list[Cut]:
    """Return the cuts that the programs of a workload met, the shortest first."""
    mine = [
        row
        for row in measured(rows)
        if row.case.workload == workload and row.fault.number == CUT
    ]
    lengths_s = {
        fault: median(row.healed_s for row in same)
        for fault, same in grouped(mine, lambda row: row.fault.name).items()
    }
    made = [Cut(row, lengths_s[row.fault.name]) for row in mine]
    return sorted(made, key=lambda cut: cut.length_s)


def _points(
    axes: Axes, cuts: Sequence[Cut], value: Value, look: Look
) -> tuple[float, float]:
    """Draw one cell's line and return where it ends.

    A recovery that took longer than its trial was watched is no point of the line. It is
    drawn where watching ended, with an arrow upwards.
    """
    head = cuts[0].row.case
    ink, solid = color(head, look), head.variant == "resilient"
    marked: Any = {"markerfacecolor": ink if solid else PAPER, "clip_on": False}
    lasting = [cut.length_s for cut in cuts]
    known = [value(cut.row) for cut in cuts]
    dashes = DASHES.get(head.variant, "-.")
    lines.draw(axes, lasting, [y for y, _ in known], head, look, linestyle=dashes, **marked)
    for x, (y, waited) in zip(lasting, known, strict=True):
        if math.isnan(y):
            lines.draw(axes, [x], [waited], head, look, **marked)
            axes.annotate(
                "", (x, waited), (0, 34), textcoords="offset points",
                arrowprops={"arrowstyle": "<-", "color": ink, "linewidth": 3},
            )  # fmt: skip
    last, waited = known[-1]
    return lasting[-1], waited if math.isnan(last) else last


def _recovery(row: Recovery) -> tuple[float, float]:
    """Return the median after healing, nan where it never came; and how long was waited."""
    value = row.times["reconnect"].value
    waited_s = outcomes.watched_s(row, "reconnect")
    return value if math.isfinite(value) else math.nan, waited_s


def _gone(row: Recovery) -> tuple[float, float]:
    return row.counts["gone"].value, 0.0


def _axis(axes: Axes, lengths: Sequence[float], linear: float) -> None:
    axes.set_xscale("log", base=2)
    axes.set_xlim(lengths[0] / 1.25, lengths[-1] * 1.25)
    axes.set_xticks(lengths)
    lines.plain(axes.xaxis, lambda value: f"{value:.0f}")
    axes.set_yscale("symlog", linthresh=linear, linscale=0.4)
    axes.set_ylim(-0.2 * linear, 2 * axes.get_ylim()[1])
    lines.plain(axes.yaxis, lambda value: f"{value:g}")


def _title(cuts: Sequence[Cut], workload: str) -> str:
    """Return how soon each variant is back after the longest cut, its slowest cell."""
    longest_s = max(cut.length_s for cut in cuts)
    last = [cut.row for cut in cuts if cut.length_s == longest_s]
    said = []
    for variant in sorted({row.case.variant for row in last}, key=variant_order):
        mine = (row for row in last if row.case.variant == variant)
        slowest_s = max(row.times["reconnect"].value for row in mine)
        within = f"within {words.number(slowest_s, digits=2)} s"
        said.append(f"{variant} {within if math.isfinite(slowest_s) else 'not all'}")
    cut = f"{words.workload(workload)} after a cut of {longest_s:.0f} s is back"
    return f"{cut}: {', '.join(said)}"


def lengths(rows: Iterable[Recovery], workload: str, look: Look) -> Chart | None:
    """Return recovery time and losses against the length of a silent cut.

    None where the run has too few lengths.
    """
    cuts = cuts_of(rows, workload)
    if len({cut.row.fault.name for cut in cuts}) < LEAST_LENGTHS:
        return None
    shown = [cut.row for cut in cuts]
    title = _title(cuts, workload)
    subtitle = (
        "Medians. Dashed: minimal, no heartbeats; dotted: heartbeats and nothing else; "
        "solid: resilient, heartbeats or time limits"
    )
    figure = style.blank(title, subtitle, case_line(shown), look)
    headings = {
        0.06: "seconds after healing until messages get through",
        0.66: "messages lost, in silence or told",
    }
    times, losses = (
        lines.plane(figure, left, 0.31, "length of the cut, s", "", str, heading)
        for left, heading in headings.items()
    )
    by_program = grouped(cuts, lambda cut: cut.row.case.key).values()
    ends = []
    for mine in sorted(by_program, key=lambda cuts: program_order(cuts[0].row.case)):
        case = mine[0].row.case
        end = _points(times, mine, _recovery, look)
        _points(losses, mine, _gone, look)
        ends.append(lines.End(words.cell(case, look.stacks), end, color(case, look)))
    lasting = list(dict.fromkeys(cut.length_s for cut in cuts))
    _axis(times, lasting, LEAST_S)
    _axis(losses, lasting, 1.0)
    lines.name_ends(times, ends)
    table = frame(shown).assign(length_s=[cut.length_s for cut in cuts])
    return Chart(f"cuts_{workload}", "failures", title, figure, table, shown)
