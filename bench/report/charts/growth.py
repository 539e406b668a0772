"""How the cost of a message grows with the number of peers, on logarithmic axes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle

import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from bench.analysis.growth import (
    EXPONENT,
    LAWS_OF,
    MARGINAL,
    Growth,
    Point,
    growths,
    points,
    series,
)
from bench.analysis.results import Run
from bench.analysis.rows import grouped
from bench.analysis.stats import MARGIN, Interval
from bench.contract.alike import stack_order
from bench.report import ratio, words
from bench.report.charts import findings, lines, style
from bench.report.charts.dots import tick, time_tick
from bench.report.charts.rows import color, label, row_key
from bench.report.charts.style import Chart, Look

SECTION = "connections"
Laws = Mapping[tuple[str | int, ...], Growth]
"""Laws by their names and the parameters of their cases."""
DASHES = ("-", "--", "-.", ":")
"""Lines of one stack differ in their dashes: a marker that is hollow says another thing."""
FEW = 2
FILLED, HOLLOW = "cost of the program", "may be the cost of something else: see the table"


def charts(run: Run, look: Look) -> Iterator[Chart]:
    """Yield a chart for each workload that has costs at several numbers of peers."""
    every = points(run)
    laws = {(row.law, *row.series): row for row in growths(run, *words.LAWS)}
    for workload in words.GROWN:
        mine = [point for point in every if point.case.workload == workload]
        if len({point.case.instances for point in mine}) > 1:
            with rc_context(style.RC):
                chart = _chart(workload, mine, laws, look)
            yield chart


def _title(workload: str, mine: Sequence[Point], look: Look) -> str:
    """Return how the cost of a message changes from the fewest peers to the most.

    Each stack has its program that costs the least with the most. Hollow points say
    nothing.
    """
    many, whose = words.GROWN[workload]
    neutral = f"The {whose}'s CPU time for a message, by the number of {many}"
    filled = [point for point in mine if not point.hollow]
    numbers = [point.case.instances for point in filled]
    if not numbers:
        return f"The {whose}'s CPU time for a message, by the number of {many}"
    low, high = min(numbers), max(numbers)
    cost = {(p.case.key, p.case.instances): p.cost for p in filled}
    found: dict[str, tuple[float, float]] = {}
    for case in (point.case for point in mine if point.case.instances == high):
        if {(case.key, low), (case.key, high)} <= {*cost}:
            many_cost = cost[case.key, high]
            costs = many_cost.estimate, _change(cost[case.key, low], many_cost)
            found[case.stack] = min(costs, found.get(case.stack, (math.inf, 0.0)))
    changes = {
        words.stack(stack, look.stacks): found[stack][1]
        for stack in sorted(found, key=stack_order)
    }
    if not changes:
        return neutral
    said = findings.listed(_changed(changes))
    return f"From {low:,} to {high:,} {many}, a message's cost to the {whose} {said}"


def _change(few: Interval, many: Interval) -> float:
    """Return by what a cost is multiplied, or 1 if the intervals have a point in common."""
    if max(few.low, many.low) <= min(few.high, many.high):
        return 1.0
    return many.estimate / few.estimate


def _changed(changes: Mapping[str, float]) -> Iterator[str]:
    """Yield "grows 28x on ZeroMQ, 25x on HTTP", "shows no change on BSD sockets"."""
    grown = {name: by for name, by in changes.items() if by > MARGIN}
    fallen = {name: 1 / by for name, by in changes.items() if by < 1 / MARGIN}
    same = [name for name in changes if name not in {*grown, *fallen}]
    for verb, several in (("grows", grown), ("falls", fallen)):
        if several:
            said = (f"{ratio.times([by], FEW)} on {name}" for name, by in several.items())
            yield f"{verb} {', '.join(said)}"
    if same:
        named = "any stack" if len(same) == len(changes) > 1 else findings.listed(same)
        yield f"shows no change on {named}"


def _chart(
    workload: str,
    mine: Sequence[Point],
    laws: Laws,
    look: Look,
) -> Chart:
    many, whose = words.GROWN[workload]
    rate = words.COST[workload].removeprefix("cost at ")
    title = _title(workload, mine, look)
    each = "; each: what a further one takes" if MARGINAL in LAWS_OF[workload] else ""
    subtitle = f"{rate} at every number of {many}. k: cost goes with its k-th power{each}"
    footer = style.footer(
        [p.case for p in mine if p.case.instances == mine[0].case.instances],
        [p.cost.blocks for p in mine],
    ).replace(f", {words.instances(mine[0].case)}", "")
    figure = style.blank(title, subtitle, footer, look)
    xlabel = f"{many} (log scale)"
    ylabel = f"CPU time of the {whose} for a message (log scale)"
    axes = lines.plane(figure, 0.085, 0.52, xlabel, ylabel, time_tick)
    ends = []
    by_program = grouped(mine, lambda point: series(point.case))
    ordered = sorted(by_program.items(), key=lambda item: row_key(item[1][0].case))
    dashes = {stack: cycle(DASHES) for stack in {p.case.stack for p in mine}}
    for which, found in ordered:
        found.sort(key=lambda point: point.case.instances)
        case = found[0].case
        ends.append(
            lines.End(
                f"{label(case, look)}: {ended(laws, which)}",
                (found[-1].case.instances, found[-1].cost.estimate),
                color(case, look),
            )
        )
        _draw(axes, found, next(dashes[case.stack]), look)
    axes.yaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 3.0)))
    low, high = axes.get_xlim()
    style.log_axis(axes, low, high, xlabel, tick)
    axes.set_xticks(sorted({point.case.instances for point in mine}))
    lines.name_ends(axes, ends)
    if any(point.hollow for point in mine):
        style.legend(figure, [_mark(FILLED, style.MUTED), _mark(HOLLOW, style.PAPER)])
    table = _table(mine, look)
    return Chart(f"growth_{workload}", SECTION, title, figure, table)


def ended(laws: Laws, which: tuple[str | int, ...]) -> str:
    """Return the law at the end of a line: "k = 0.62 (0.60 to 0.65)".

    Without a power law it is a marginal cost, if there is one: "no power law, 11 us each".
    """
    power, line = (laws.get((law, *which)) for law in (EXPONENT, MARGINAL))
    if power is None:
        return "too few points"
    if not power.off_line:
        return f"k = {words.exponent(power.value, power.low, power.high)}"
    each = f", {words.time_us(line.value)} each" if line and not line.off_line else ""
    return f"no power law{each}"


def _draw(axes: Axes, found: Sequence[Point], dashes: str, look: Look) -> None:
    case, ink = found[0].case, color(found[0].case, look)
    xs = [point.case.instances for point in found]
    ys = [point.cost.estimate for point in found]
    axes.plot(xs, ys, color=ink, linestyle=dashes, linewidth=3)
    for point, x, y in zip(found, xs, ys, strict=True):
        axes.plot(
            [x], [y], linestyle="", marker=look.markers.get(case.stack, "o"),
            markersize=11, markeredgewidth=2.5, color=ink,
            markerfacecolor=style.PAPER if point.hollow else ink,
        )  # fmt: skip


def _mark(said: str, face: str) -> Line2D:
    return Line2D(
        [], [], linestyle="", marker="o", markersize=11, markeredgewidth=2.5,
        color=style.MUTED, markerfacecolor=face, label=said,
    )  # fmt: skip


def _table(mine: Sequence[Point], look: Look) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "program": words.cell(point.case, look.stacks),
            "peers": point.case.instances,
            "cost_us": point.cost.estimate,
            "low_us": math.nan if point.cost.too_few_blocks else point.cost.low,
            "high_us": math.nan if point.cost.too_few_blocks else point.cost.high,
            "blocks": point.cost.blocks,
            "hollow": point.hollow,
        }
        for point in sorted(mine, key=lambda p: (p.case.key, p.case.instances))
    )
