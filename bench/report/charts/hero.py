"""The first chart: how far each stack's declared program is behind the fastest.

It has a panel for each workload, and is drawn twice: panels side by side, and below each
other for a narrow screen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.analysis.compared_rows import Comparison
from bench.analysis.comparisons import of_kind
from bench.analysis.ranking import Race, races
from bench.analysis.rows import Estimate
from bench.contract.alike import Kind
from bench.report import words
from bench.report.charts import style
from bench.report.charts.findings import front, listed
from bench.report.charts.style import INK, MUTED, PAPER, Chart, Look
from bench.run.plan import BOTH

QUANTITIES = {"request_reply": "latency", "fan_out": "throughput", "pipeline": "throughput"}
"""The quantity a workload is chosen for: the time of a reply, or the rate of a stream."""
DOES = {"request_reply": "answer", "fan_out": "publish", "pipeline": "hand out tasks"}
NAME = "hero"
TICKS = (1, 1.2, 1.5, 2, 3, 5, 10, 20, 50)
AXIS = "times as long as the fastest"


class Behind(NamedTuple):
    """A stack's declared program in one case: its time over the fastest's, at least 1.

    ``open``: the data cannot tell it from the fastest.
    """

    stack: str
    placement: str
    times: float
    open: bool


def declared_races(
    estimates: Sequence[Estimate], compared: Sequence[Comparison], workload: str
) -> list[Race]:
    """Return the races of a workload, one for each placement.

    A variant that leads by chance would win if every variant could. So only programs take
    part that a comparison declared before the run.
    """
    pairs = of_kind(compared, Kind.DECLARED)
    declared = {(pair.a.name, case.key) for pair in pairs for case in (pair.a, pair.b)}
    rows = [row for row in estimates if (row.case.name, row.case.key) in declared]
    wanted = (workload, QUANTITIES[workload])
    names = [pair.a.name for pair in pairs if (pair.a.workload, pair.a.quantity) == wanted]
    return races(rows, compared, dict.fromkeys(names))


def behind(race: Race) -> Iterator[Behind]:
    """Yield every stack of a race, the fastest first."""
    ahead = front(race)
    yield Behind(race.leader.case.stack, race.placement, 1.0, len(ahead) > 1)
    for rival in race.rivals:
        stack = rival.row.case.stack
        yield Behind(stack, race.placement, max(1.0, rival.ratio), stack in ahead)


def title(raced: Mapping[str, Sequence[Race]], look: Look) -> str:
    """Return "BSD sockets answer fastest; in fan-out no stack is clearly fastest"."""
    won: dict[str, list[str]] = {}
    undecided = []
    for workload, found in raced.items():
        ahead = {stack for race in found for stack in front(race)}
        if len(ahead) == 1:
            (stack,) = ahead
            won.setdefault(words.stack(stack, look.stacks), []).append(DOES[workload])
        else:
            undecided.append(words.workload(workload).lower())
    said = [f"{stack} {listed(does)} fastest" for stack, does in won.items()]
    if undecided:
        said.append(f"in {listed(undecided)} no stack is clearly fastest")
    found_words = "; ".join(said)
    return f"{found_words[:1].upper()}{found_words[1:]}"


def hero(
    estimates: Sequence[Estimate], compared: Sequence[Comparison], look: Look
) -> Iterator[Chart]:
    """Yield the chart for a wide and for a narrow screen; none without a race."""
    raced = {}
    for workload in QUANTITIES:
        every = declared_races(estimates, compared, workload)
        if found := [race for race in every if race.placement in BOTH]:
            raced[workload] = found
    if not raced:
        return
    heading = title(raced, look)
    rows = {w: [row for race in mine for row in behind(race)] for w, mine in raced.items()}
    table = pd.DataFrame([(w, *row) for w, mine in rows.items() for row in mine])
    table.columns = ["workload", "stack", "placement", "times_the_fastest", "level"]
    for name, narrow in ((NAME, False), (f"{NAME}{style.NARROW}", True)):
        figure = _drawn(rows, raced, heading, look, narrow=narrow)
        yield Chart(name, "headline", heading, figure, table, page_only=narrow)


def _drawn(
    rows: Mapping[str, Sequence[Behind]],
    raced: Mapping[str, Sequence[Race]],
    heading: str,
    look: Look,
    *,
    narrow: bool,
) -> Figure:
    size = (style.NARROW_IN, 2.4 + 3.5 * len(rows)) if narrow else (style.WIDTH_IN, 5.9)
    blocks = [race.leader.blocks_done for found in raced.values() for race in found]
    said = (
        "Each stack's fastest program in Python of those declared before the run, 64-byte "
        "messages. Filled: on two CPUs, hollow: on one. Level: the data cannot tell.",
        f"{words.block_counts(blocks)} repetitions  |  {look.source}",
    )
    figure = style.headed(heading, said, size, narrow=narrow)
    stacks = _order(rows)
    most = max(row.times for mine in rows.values() for row in mine)
    panels = style.panels(figure, len(rows), left=0.012, gap=0.03, right=0.967)
    for axes, (workload, mine) in zip(panels, rows.items(), strict=True):
        _panel(axes, mine, stacks, most, look)
        peers = words.instances(raced[workload][0].leader.case)
        axes.set_title(
            f"{words.workload(workload)}, {peers}", fontsize=19 if narrow else 20, pad=10,
            fontweight="bold",
        )  # fmt: skip
    return figure


def _order(rows: Mapping[str, Sequence[Behind]]) -> list[str]:
    """Return the stacks, that first which is least behind over all cases."""
    logs: dict[str, list[float]] = {}
    for mine in rows.values():
        for row in mine:
            logs.setdefault(row.stack, []).append(math.log(row.times))
    return sorted(logs, key=lambda stack: (sum(logs[stack]) / len(logs[stack]), stack))


def _panel(
    axes: Axes, rows: Sequence[Behind], stacks: Sequence[str], most: float, look: Look
) -> None:
    axes.set_xscale("log")
    axes.set_xlim(1 / most**0.06, most**1.45)
    axes.set_ylim(len(stacks) - 0.35, -0.75)
    axes.set_yticks([])
    spaced = TICKS if most < 4 else [tick for tick in TICKS if tick not in (1.2, 1.5, 3)]
    ticks = [tick for tick in spaced if tick <= most**1.1]
    axes.set_xticks(ticks, [f"{tick:g}x" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel(AXIS, fontsize=15, color=MUTED)
    axes.tick_params(axis="x", labelsize=15, length=0)
    for y, stack in enumerate(stacks):
        mine = [row for row in rows if row.stack == stack]
        if not mine:
            continue
        color, marker = look.colors[stack], look.markers[stack]
        ends = [row.times for row in mine]
        axes.plot(ends, [y] * len(ends), color=color, linewidth=6, alpha=0.35, zorder=2)
        for row in mine:
            face = color if row.placement == "split" else PAPER
            axes.plot(
                [row.times], [y], marker=marker, color=color, markerfacecolor=face,
                markersize=14, markeredgewidth=3, linestyle="none", zorder=3,
            )  # fmt: skip
        axes.annotate(
            _numbers(mine), (max(ends), y), (16, 0), textcoords="offset points",
            va="center", fontsize=17, color=INK, bbox=style.BEHIND, zorder=4,
        )  # fmt: skip
        axes.annotate(
            words.stack(stack, look.stacks), (1, y), (-4, 15), textcoords="offset points",
            va="bottom", fontsize=16, color=color, fontweight="bold",
        )  # fmt: skip


def _numbers(rows: Sequence[Behind]) -> str:
    """Return "fastest", "1.32x to 2.61x", or that the data cannot tell."""
    ends = sorted({words.number(row.times, digits=3) for row in rows}, key=float)
    if all(row.open for row in rows):
        return "level"
    if float(ends[-1]) == 1:
        return "fastest"
    said = "\N{EN DASH}".join(f"{end}x" for end in ends)
    return said.replace("1.00x", "1x")
