"""Open-loop response times as a table: corrected and uncorrected side by side."""

from __future__ import annotations

from collections.abc import Mapping

from bench.analysis.estimates import FROM_GIVEN
from bench.analysis.rows import Estimate
from bench.report import words
from bench.report.facets import every
from bench.report.model import Data, Table

SHOWN = ("p50", "p90", "p99", "p999")
NAMES = {"p999": "p99.9"}


def response_table(data: Data) -> Table:
    """Return a row per cell and load: what was offered, and each percentile twice.

    The first counts from the intended time; the second, in brackets, from when the
    message was given, which leaves out what it waited for the cell.
    """
    by_case: dict[str, dict[str, Estimate]] = {}
    for row in data.estimates:
        if row.case.quantity == "response":
            by_case.setdefault(row.case.id, {})[row.measure] = row
    columns = [
        "cell", "workload", "load", "offered/s",
        *(f"{NAMES.get(name, name)} (from given), \N{MICRO SIGN}s" for name in SHOWN),
        "generator late, p99, \N{MICRO SIGN}s", "blocks",
    ]  # fmt: skip
    rows = []
    for measures in by_case.values():
        row = measures["p50"]
        rows.append(
            [
                words.cell(row.case, data.stacks),
                words.workload(row.case.workload),
                words.load(row.case.load),
                words.number(measures["offered"].value),
                *(_twice(measures, name) for name in SHOWN),
                words.number(measures["lag_p99"].value),
                str(row.blocks_done),
            ]
        )
    about = every((each["p50"].case for each in by_case.values()), data.stacks)
    caption = "Percentiles, and what a closed loop would have said"
    return Table(columns, rows, caption, facets=about)


def _twice(measures: Mapping[str, Estimate], name: str) -> str:
    if name not in measures or name + FROM_GIVEN not in measures:
        return words.PASSED_OVER
    both = (measures[name].value, measures[name + FROM_GIVEN].value)
    return "{} ({})".format(*map(words.number, both))
