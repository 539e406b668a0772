"""Every chart of a run, in the order of the report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from matplotlib import rc_context

from bench.analysis.compared_rows import Comparison
from bench.analysis.levels import levels
from bench.analysis.recovery_rows import Recovery
from bench.analysis.results import Run
from bench.analysis.rows import Estimate
from bench.report import words
from bench.report.charts import (
    bars,
    cuts,
    distribution,
    failures,
    growth,
    hero,
    load_curve,
    price,
    ratios,
    speed,
    style,
    timelines,
)
from bench.report.charts.style import NARROW, Chart, Look


def look_of(run: Run, grade: str) -> Look:
    """Return colours, markers and the line of provenance of a run."""
    floors = sorted({case.stack for case in run.cases.values() if case.floor})
    facts = (
        words.machine(run.about),
        f"run {run.name}",
        words.date(run.about),
        f"grade {grade}",
    )
    source = "  |  ".join((*facts, "loopback, one machine"))
    return Look.of(run.about["stacks"], floors, source)


def workloads(run: Run) -> list[str]:
    """Return the run's workloads in the order in which the talk tells of them."""
    present = {case.workload for case in run.cases.values()}
    known = [name for name in words.WORKLOADS if name in present]
    return known + sorted(present - set(known))


def _charts(
    run: Run,
    estimates: Sequence[Estimate],
    compared: Sequence[Comparison],
    recovered: Sequence[Recovery],
    grade: str,
) -> Iterator[Chart | None]:
    look = look_of(run, grade)
    names = workloads(run)
    yield from hero.hero(estimates, compared, look)
    for placement in ("split", "shared", "apart"):
        yield ratios.headline(compared, placement, look)
    for workload in names:
        yield speed.latency(estimates, compared, workload, look)
    for placement in ("split", "shared", "apart"):
        yield distribution.round_trips(run, estimates, placement, look)
    for workload in names:
        yield speed.response(estimates, compared, workload, look)
        yield load_curve.load_curve(estimates, workload, look)
        yield distribution.response_times(run, estimates, workload, look)
    for workload in names:
        yield speed.throughput(estimates, compared, workload, look)
    yield from growth.charts(run, look)
    yield speed.large(estimates, compared, look)
    yield speed.transports(estimates, look)
    for workload in names:
        yield bars.code_size(run, workload, look)
    for workload in names:
        yield bars.cpu_and_memory(estimates, workload, look)
    yield from _of_failures(run, recovered, look)
    thin = replace(look, narrow=True)
    for workload in names:
        yield _narrow(speed.latency(estimates, compared, workload, thin))
        yield _narrow(speed.throughput(estimates, compared, workload, thin))
    yield _narrow(price.price(levels(run), price.statements(run.sizes), thin))


def _narrow(chart: Chart | None) -> Chart | None:
    """Return the chart for a narrow screen: a page has it beside the wide one."""
    if chart is None:
        return None
    return replace(chart, name=f"{chart.name}{NARROW}", page_only=True)


def _of_failures(
    run: Run, recovered: Sequence[Recovery], look: Look
) -> Iterator[Chart | None]:
    yield price.price(levels(run), price.statements(run.sizes), look)
    yield failures.overview(recovered, look)
    for workload in words.WORKLOADS:
        yield from failures.of_workload(recovered, workload, look)
    for workload in words.WORKLOADS:
        yield cuts.lengths(recovered, workload, look)
    yield from timelines.timelines(run, recovered, look)


def charts(
    run: Run,
    estimates: Sequence[Estimate],
    compared: Sequence[Comparison],
    recovered: Sequence[Recovery],
    grade: str,
) -> list[Chart]:
    """Return every chart that the run has data for.

    ``recovered`` is ``recoveries`` of the run; ``grade``, the run's, stands on each.
    """
    with rc_context(style.RC):
        made = list(_charts(run, estimates, compared, recovered, grade))
    return [chart for chart in made if chart is not None]
