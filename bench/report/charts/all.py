"""Every chart of a run, in the order of the report."""

from __future__ import annotations

from collections.abc import Sequence
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
    facts = (words.machine(run.about), f"run {run.name}", words.date(run.about))
    source = "  |  ".join((*facts, f"grade {grade}", "loopback, one machine"))
    return Look.of(run.about["stacks"], floors, source)


def workloads(run: Run) -> list[str]:
    """Return the run's workloads in the order in which the talk tells of them."""
    present = {case.workload for case in run.cases.values()}
    return sorted(present, key=lambda name: (words.order(name), name))


def charts(
    run: Run,
    estimates: Sequence[Estimate],
    compared: Sequence[Comparison],
    recovered: Sequence[Recovery],
    grade: str,
) -> list[Chart]:
    """Return every chart that the run has data for.

    ``recovered`` is ``recoveries`` of the run; ``grade``, the run's, stands on each. Some
    are drawn again for a narrow screen: a page has them beside the wide ones.
    """
    look = look_of(run, grade)
    thin = replace(look, narrow=True)
    names, placements = workloads(run), speed.DRAWN
    counted = levels(run), price.statements(run.sizes)
    with rc_context(style.RC):
        made: list[Chart | None] = [
            *hero.hero(estimates, compared, look),
            *(ratios.headline(compared, place, look) for place in placements),
            *(speed.latency(estimates, compared, name, look) for name in names),
            *(
                distribution.round_trips(run, estimates, place, look)
                for place in placements
            ),
            *(
                chart
                for name in names
                for chart in (
                    speed.response(estimates, compared, name, look),
                    load_curve.load_curve(estimates, name, look),
                    distribution.response_times(run, estimates, name, look),
                )
            ),
            *(speed.throughput(estimates, compared, name, look) for name in names),
            *growth.charts(run, look),
            speed.large(estimates, compared, look),
            speed.transports(estimates, look),
            *(bars.code_size(run, name, look) for name in names),
            *(bars.cpu_and_memory(estimates, name, look) for name in names),
            price.price(*counted, look),
            failures.overview(recovered, look),
            *(
                chart
                for name in words.WORKLOADS
                for chart in failures.of_workload(recovered, name, look)
            ),
            *(cuts.lengths(recovered, name, look) for name in words.WORKLOADS),
            *timelines.timelines(run, recovered, look),
        ]
        again: list[Chart | None] = [
            *(speed.latency(estimates, compared, name, thin) for name in names),
            *(speed.throughput(estimates, compared, name, thin) for name in names),
            price.price(*counted, thin),
        ]
    narrow = [
        replace(chart, name=f"{chart.name}{NARROW}", page_only=True)
        for chart in again
        if chart
    ]
    return [*filter(None, made), *narrow]
