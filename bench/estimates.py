"""What each case measured: the median over blocks with its interval, table to table.

One row per case and measure. Measures and their units:

p50 p90 p99 p999 max   us            percentiles of one message's latency
p50_from_given ...     us            the same from when it was given, open loops only
lag_p99                us            how late the generator itself was, open loops only
offered                messages/s    what an open loop asks for
rate                   messages/s    delivered, counted where messages are consumed; the
                                     greatest offered without a loss where that was sought
lost                   %             of the deliveries that lossless fan-out would make
cpu, cpu_<role>        us/message    CPU time per delivered message, all threads
memory_<role>          MiB           peak above what the role's host had when ready

A rate is the inverse of the median time per message: averaging times averages rates
correctly. Bounds are nan where there are too few blocks for an interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from bench.results import Run
from bench.stats import Interval, median_interval

PERCENTILES = {
    "p50": "p50_ns",
    "p90": "p90_ns",
    "p99": "p99_ns",
    "p999": "p999_ns",
    "max": "max_ns",
}
COLUMNS = (
    "case", "measure", "unit", "value", "low", "high", "confidence", "blocks_done",
)  # fmt: skip
FROM_GIVEN = "_from_given"
UNITS = {
    **dict.fromkeys(PERCENTILES, "us"),
    "lag": "us",
    "offered": "messages/s",
    "rate": "messages/s",
    "lost": "%",
    "cpu": "us/message",
    "memory": "MiB",
}
CPU = "_cpu_us_per_message"
MEMORY = "_peak_memory_bytes"
MIB = 1 << 20


def unit(measure: str) -> str:
    """Return the unit of a measure: ``cpu_serve`` has that of ``cpu``."""
    return UNITS[measure.split("_", maxsplit=1)[0]]


def bounds(interval: Interval) -> tuple[float, float]:
    """Return an interval's bounds, nan where there are too few blocks for any."""
    if interval.too_few_blocks:
        return math.nan, math.nan
    return interval.low, interval.high


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
        if column in trials:
            yield measure, trials[column] / 1e3
        if f"from_given_{column}" in trials:
            yield measure + FROM_GIVEN, trials[f"from_given_{column}"] / 1e3
    if "lag_p99_ns" in trials:
        yield "lag_p99", trials["lag_p99_ns"] / 1e3
        yield "offered", trials["offered_hz"]
    given = trials["given"].where(trials["given"] > 0)
    yield "lost", 100 * trials["lost"] / given
    cpu = [trials[role + CPU] for role in roles(trials, CPU)]
    if cpu:
        yield "cpu", sum(cpu[1:], cpu[0])
    for role in roles(trials, CPU):
        yield f"cpu_{role}", trials[role + CPU]
    for role in roles(trials, MEMORY):
        yield f"memory_{role}", trials[role + MEMORY] / MIB


def _row(case: str, measure: str, interval: Interval) -> dict[str, Any]:
    low, high = bounds(interval)
    return {
        "case": case,
        "measure": measure,
        "unit": unit(measure),
        "value": interval.estimate,
        "low": low,
        "high": high,
        "confidence": interval.confidence,
        "blocks_done": interval.blocks,
    }


def _rate(case: str, values_s: pd.Series[float]) -> dict[str, Any]:
    time_s = median_interval(values_s.to_numpy())
    row = _row(case, "rate", time_s)
    return {
        **row,
        "value": 1 / row["value"],
        "low": 1 / row["high"],
        "high": 1 / row["low"],
    }


def _case_rows(case: str, quantity: str, trials: pd.DataFrame) -> Iterator[dict[str, Any]]:
    if headline_measure(quantity) == "rate":
        yield _rate(case, trials["value_s"])
    for measure, values in _columns(trials):
        present = values.dropna()
        # p99.9 is only worth a number where every block had samples enough for it.
        if len(present) == len(trials):
            yield _row(case, measure, median_interval(present.to_numpy()))


def estimates(run: Run) -> pd.DataFrame:
    """Return every case's measures, beside the columns of ``run.cases``."""
    rows: list[dict[str, Any]] = []
    refused = run.refused
    for case, trials in run.trials.groupby("case", sort=False):
        if case in refused:
            continue
        quantity = str(run.cases.at[str(case), "quantity"])
        rows += _case_rows(str(case), quantity, trials)
    table = pd.DataFrame(rows, columns=None if rows else list(COLUMNS))
    return table.merge(run.cases.reset_index(drop=True), on="case", how="left")


def headline_measure(quantity: str) -> str:
    """Return the measure that stands for a quantity: its p50, or its rate."""
    return "p50" if quantity in ("latency", "response") else "rate"
