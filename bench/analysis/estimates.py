"""The result of each case: the median over blocks with its interval.

One row per case and measure. Measures and their units:

p50 p90 p99 p999       us            percentiles of one message's latency, each where ten
                                     samples or more lie beyond it in every block
p50_from_given ...     us            the same from when it was given, open loops only
lag_p99                us            how late the generator itself was, open loops only
offered                messages/s    what an open loop asks for
rate                   messages/s    delivered, counted where messages are consumed; the
                                     greatest offered without a loss where that was sought
lost                   %             of the deliveries that lossless fan-out would make
cpu, cpu_<role>        us/message    CPU time per delivered message, all threads; of a cost,
                                     per message given
memory_<role>          MiB           peak above what the role's host had when ready
resident_<role>        KiB/connection  memory of the role for each open connection
rest_<role>            ms/s          CPU time of the role while connections are idle
woken_<role>           wake-ups/s    how often it wakes then
paced_<role>           ms/s          its CPU time at 10 messages a second in all
stirred_<role>         wake-ups/s    how often it wakes then
wakes_<role>           wake-ups/message  how often it wakes for a message of a fixed load
last                   us            from giving a message to the last subscriber that got
                                     it, the median over messages

A rate is the inverse of the median time per message: averaging times averages rates
correctly. An interval of a time between two clocks is wider by as much as these may be
wrong. Bounds are nan where there are too few blocks for an interval.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from bench.analysis.clocks import clock_bound_us
from bench.analysis.results import Run
from bench.analysis.rows import Estimate
from bench.analysis.stats import Interval, bounds, median_interval
from bench.contract.rows import CaseRow
from bench.measure.cost import PAYS
from bench.measure.percentiles import TAIL_SAMPLES

PERCENTILES = {
    "p50": "p50_ns",
    "p90": "p90_ns",
    "p99": "p99_ns",
    "p999": "p999_ns",
}
LEAST_SAMPLES = {"p90": 10 * TAIL_SAMPLES, "p99": 100 * TAIL_SAMPLES}
"""With fewer samples in a block a percentile is decided by a handful of them. A maximum is
none: it grows with the number of samples, which differs from cell to cell."""
FROM_GIVEN = "_from_given"
UNITS = {
    **dict.fromkeys(PERCENTILES, "us"),
    "lag": "us",
    "offered": "messages/s",
    "rate": "messages/s",
    "lost": "%",
    "cpu": "us/message",
    "memory": "MiB",
    "resident": "KiB/connection",
    "rest": "ms/s",
    "woken": "wake-ups/s",
    "paced": "ms/s",
    "stirred": "wake-ups/s",
    "wakes": "wake-ups/message",
    "last": "us",
}
HELD = {
    "resident": ("_bytes_per_connection", 1024),
    "rest": ("_rest_cpu_ms_per_s", 1),
    "woken": ("_rest_wake_ups_per_s", 1),
    "paced": ("_paced_cpu_ms_per_s", 1),
    "stirred": ("_paced_wake_ups_per_s", 1),
    "wakes": ("_wake_ups_per_message", 1),
}
"""Measures of connections that are held: the ending of their columns, and a divisor."""
OF_LOADS = {
    "lag_p99": ("lag_p99_ns", 1e3),
    "offered": ("offered_hz", 1),
    "last": ("last_p50_ns", 1e3),
}
"""Measures of offered loads: their columns, and a divisor."""
HEADLINES = {
    "latency": "p50",
    "response": "p50",
    "connect": "p50",
    "idle_memory": "resident_serve",
}
"""The measure that stands for a quantity; the rate for all others but a cost."""
CPU = "_cpu_us_per_message"
MEMORY = "_peak_memory_bytes"
MIB = 1 << 20


def unit(measure: str) -> str:
    """Return the unit of a measure: ``cpu_serve`` has that of ``cpu``."""
    return UNITS[measure.split("_", maxsplit=1)[0]]


def roles(trials: pd.DataFrame, ending: str) -> list[str]:
    """Return the roles for which these trials recorded a column with this ending."""
    return [
        str(name).removesuffix(ending)
        for name in trials.columns
        if str(name).endswith(ending) and trials[name].notna().any()
    ]


def _columns(trials: pd.DataFrame) -> Iterator[tuple[str, pd.Series[float]]]:
    """Yield each measure of one case with its values by block."""
    for measure, column in PERCENTILES.items():
        least = LEAST_SAMPLES.get(measure, 0)
        if least and "n" in trials and not (trials["n"] >= least).all():
            continue
        if column in trials:
            yield measure, trials[column] / 1e3
        if f"from_given_{column}" in trials:
            yield measure + FROM_GIVEN, trials[f"from_given_{column}"] / 1e3
    for measure, (column, divisor) in OF_LOADS.items():
        if column in trials:
            yield measure, trials[column] / divisor
    if "given" in trials:
        given = trials["given"].where(trials["given"] > 0)
        yield "lost", 100 * trials["lost"] / given
    cpu = [trials[role + CPU] for role in roles(trials, CPU)]
    if cpu:
        yield "cpu", sum(cpu[1:], cpu[0])
    for role in roles(trials, CPU):
        yield f"cpu_{role}", trials[role + CPU]
    for role in roles(trials, MEMORY):
        yield f"memory_{role}", trials[role + MEMORY] / MIB
    for measure, (ending, divisor) in HELD.items():
        for role in roles(trials, ending):
            yield f"{measure}_{role}", trials[role + ending] / divisor


def _estimate(case: CaseRow, measure: str, found: Interval) -> Estimate:
    low, high = bounds(found)
    level, blocks = found.confidence, found.blocks
    return Estimate(case, measure, unit(measure), found.estimate, low, high, level, blocks)


def _rate(case: CaseRow, values_s: pd.Series[float]) -> Estimate:
    row = _estimate(case, "rate", median_interval(values_s.to_numpy()))
    return replace(row, value=1 / row.value, low=1 / row.high, high=1 / row.low)


def _of_case(case: CaseRow, trials: pd.DataFrame) -> Iterator[Estimate]:
    if headline_measure(case) == "rate":
        yield _rate(case, trials["value_s"])
    bound_us = clock_bound_us(trials)
    for measure, values in _columns(trials):
        present = values.dropna()
        # p99.9 is only worth a number where every block had samples enough for it.
        if len(present) == len(trials):
            row = _estimate(case, measure, median_interval(present.to_numpy()))
            wrong_us = bound_us if measure in PERCENTILES else 0.0
            yield replace(row, low=row.low - wrong_us, high=row.high + wrong_us)


def estimates(run: Run) -> list[Estimate]:
    """Return the measures of every case that has a result."""
    refused = run.refused
    return [
        row
        for case, trials in run.trials.groupby("case", sort=False)
        if case not in refused
        # Most columns are of other quantities: with them, this takes three times as long.
        for row in _of_case(run.cases[str(case)], trials.dropna(axis="columns", how="all"))
    ]


def headline_measure(case: CaseRow) -> str:
    """Return the measure that stands for the quantity of a case, and names its id alone."""
    if case.quantity == "cost":
        return f"cpu_{PAYS[case.workload]}"
    return HEADLINES.get(case.quantity, "rate")
