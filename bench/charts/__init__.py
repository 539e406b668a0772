"""Charts: pure functions from tables to matplotlib figures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib import rc_context

from bench.charts import (
    costs,
    cuts,
    distribution,
    failures,
    open_loop,
    other,
    price,
    ratios,
    speed,
    style,
    timelines,
    words,
)
from bench.charts.style import Chart, Look
from bench.results import Run

__all__ = ["Chart", "Look", "charts", "look_of"]


def machine(about: dict[str, Any]) -> str:
    """Return the machine in one line: CPU, number of CPUs, host."""
    facts = about["machine"]
    virtual = ", virtual" if facts.get("hypervisor") else ""
    cpus = words.plural(len(facts.get("cpus") or []), "CPU")
    return f"{facts['cpu']}, {cpus}{virtual}, host {facts['host']}"


def date(about: dict[str, Any]) -> str:
    return str(about["started"])[:10]


def look_of(run: Run, grade: str) -> Look:
    """Return colours, markers and the line of provenance of a run."""
    floors = sorted(set(run.cases.loc[run.cases["floor"].astype(bool), "stack"]))
    facts = (machine(run.about), f"run {run.name}", date(run.about), f"grade {grade}")
    source = "  |  ".join((*facts, "loopback, one machine"))
    return Look.of(run.about["stacks"], floors, source)


def workloads(run: Run) -> list[str]:
    """Return the run's workloads in the order in which the talk tells of them."""
    present = set(run.cases["workload"])
    known = [name for name in words.WORKLOADS if name in present]
    return known + sorted(present - set(known))


def _charts(
    run: Run,
    table: pd.DataFrame,
    compared: pd.DataFrame,
    recovered: pd.DataFrame,
    grade: str,
) -> Iterator[Chart | None]:
    look = look_of(run, grade)
    names = workloads(run)
    for placement in ("split", "shared"):
        yield ratios.headline(compared, placement, look)
    for workload in names:
        yield speed.latency(table, compared, workload, look)
    for placement in ("split", "shared"):
        yield distribution.round_trips(run, table, placement, look)
    for workload in names:
        yield open_loop.response(table, compared, workload, look)
        yield open_loop.load_curve(table, workload, look)
        yield distribution.response_times(run, table, workload, look)
    for workload in names:
        yield speed.throughput(table, compared, workload, look)
    yield other.large(table, compared, look)
    yield other.transports(table, look)
    for workload in names:
        yield costs.code_size(run, workload, look)
    for workload in names:
        yield costs.cpu_and_memory(table, workload, look)
    yield from _of_failures(run, recovered, look)


def _of_failures(run: Run, table: pd.DataFrame, look: Look) -> Iterator[Chart | None]:
    yield price.price(table, price.statements(run.sizes), look)
    yield failures.overview(table, look)
    for workload in words.WORKLOADS:
        yield from failures.of_workload(table, workload, look)
    for workload in words.WORKLOADS:
        yield cuts.lengths(table, workload, look)
    yield from timelines.timelines(run, table, look)


def charts(
    run: Run,
    table: pd.DataFrame,
    compared: pd.DataFrame,
    recovered: pd.DataFrame,
    grade: str,
) -> list[Chart]:
    """Return every chart that the run has data for.

    The tables are ``estimates``, ``comparisons`` and ``recoveries`` of the run; ``grade``,
    the run's, stands on each.
    """
    with rc_context(style.RC):
        made = list(_charts(run, table, compared, recovered, grade))
    return [chart for chart in made if chart is not None]
