"""Open-loop response times as a table: corrected and uncorrected side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from bench.analysis.estimates import FROM_GIVEN
from bench.analysis.rows import Estimate
from bench.report import words
from bench.report.model import Data, Table

SHOWN = ("p50", "p90", "p99", "p999")
NAMES = {"p999": "p99.9"}
Measures = dict[str, Estimate]


def response_table(data: Data) -> Table:
    """Return a row per cell and load: what was offered, and each percentile twice.

    The first counts from the intended time; the second, in brackets, from when the
    message was given, which leaves out what it waited for the cell.
    """
    by_case: dict[str, Measures] = {}
    for row in data.estimates:
        if row.case.quantity == "response":
            by_case.setdefault(row.case.id, {})[row.measure] = row
    rows = [measures["p50"] for measures in by_case.values()]
    columns: dict[str, Callable[[Estimate], str]] = {
        "cell": lambda row: words.cell(row.case, data.stacks),
        "workload": lambda row: words.workload(row.case.workload),
        "load": lambda row: words.load(row.case.load),
        "offered/s": lambda row: words.number(by_case[row.case.id]["offered"].value),
    }
    for name in SHOWN:
        heading = f"{NAMES.get(name, name)} (from given), \N{MICRO SIGN}s"
        columns[heading] = partial(_twice, by_case, name)
    columns["generator late, p99, \N{MICRO SIGN}s"] = lambda row: words.number(
        by_case[row.case.id]["lag_p99"].value
    )
    columns["blocks"] = lambda row: str(row.blocks_done)
    return Table.of(rows, columns, "Percentiles, and what a closed loop would have said")


def _twice(by_case: Mapping[str, Measures], name: str, row: Estimate) -> str:
    """Return a percentile from when messages were due, and from when they were given."""
    measures = by_case[row.case.id]
    if name not in measures or name + FROM_GIVEN not in measures:
        return words.PASSED_OVER
    both = (measures[name].value, measures[name + FROM_GIVEN].value)
    return "{} ({})".format(*map(words.number, both))
