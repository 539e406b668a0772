"""How response times grow with the load that is offered."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.rows import Estimate, frame
from bench.report import ratio, words
from bench.report.charts import findings, lines, style
from bench.report.charts.dots import tick, time_tick
from bench.report.charts.rows import footer_of, hollow, rows_of, without_lone_requests
from bench.report.charts.speed import response_rows
from bench.report.charts.style import Chart, Look

CURVE = "own_"
LEAST_POINTS = 3
"""A curve has at least so many loads."""


def _per_cent(row: Estimate) -> int:
    return int(row.case.load.removeprefix(CURVE))


def _growth(rows: Sequence[Estimate], workload: str, look: Look) -> str:
    """Return how often p99 at the highest load holds that at the lowest, by stack."""
    low, high = min(map(_per_cent, rows)), max(map(_per_cent, rows))
    first = {row.case.key: row.value for row in rows if _per_cent(row) == low}
    last = [r for r in rows if _per_cent(r) == high and r.case.key in first]

    def growth(row: Estimate) -> float:
        return row.value / first[row.case.key]

    said = ", ".join(
        f"{words.stack(row.case.stack, look.stacks)} {ratio.more(growth(row), 2)}"
        for row in findings.best_of_each(last, growth)
    )
    if not said:
        return f"{words.workload(workload)}: p99 response time by offered load"
    return f"{words.workload(workload)} p99 from {low} to {high} % load grows: {said}"


def load_curve(rows: Sequence[Estimate], workload: str, look: Look) -> Chart | None:
    """Return p99 response time by offered load, None with too few loads."""
    known = response_rows(rows, workload)
    mine = [r for r in known if r.case.load.startswith(CURVE) and r.measure == "p99"]
    if len({row.case.load for row in mine}) < LEAST_POINTS:
        return None
    offered = {
        (row.case.key, row.case.load): row.value
        for row in known
        if row.measure == "offered"
    }
    shown = without_lone_requests(mine)
    title = _growth(mine, workload, look)
    subtitle = (
        "Left and low is idle and quick. Each line: 10 to 90 % of what the program can do"
    )
    figure = style.blank(title, subtitle, footer_of(shown), look)
    axes = lines.plane(
        figure, 0.085, 0.62, "offered requests/s (log scale)",
        "p99 response time (log scale)", time_tick,
    )  # fmt: skip
    ends = []
    for y, case in enumerate(row.case for row in rows_of(shown)):
        points = sorted(
            (offered[case.key, row.case.load], row.value)
            for row in shown
            if row.case.key == case.key
        )
        xs, ys = zip(*points, strict=True)
        dashes = ("-", "--", "-.", ":")[y % 4] if hollow(case) else "-"
        ends.append(lines.draw(axes, xs, ys, case, look, linestyle=dashes))
    low, high = axes.get_xlim()
    style.log_axis(axes, low, high, "offered requests/s (log scale)", tick)
    lines.name_ends(axes, ends)
    name = f"load_curve_{workload}"
    return Chart(name, "response", title, figure, frame(shown), shown)
