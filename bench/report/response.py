"""Open-loop response times as a table: corrected and uncorrected side by side."""

from __future__ import annotations

from typing import Any

from bench.charts import words
from bench.estimates import FROM_GIVEN
from bench.frames import records
from bench.report.facets import every
from bench.report.model import Data, Table

SHOWN = ("p50", "p90", "p99", "p999", "max")
NAMES = {"p999": "p99.9"}


def response_table(data: Data) -> Table:
    """Return a row per cell and load: what was offered, and each percentile twice.

    The first counts from the intended time; the second, in brackets, from when the
    message was given, which leaves out what it waited for the cell.
    """
    mine = records(data.table[data.table["quantity"] == "response"])
    by_case: dict[str, dict[str, dict[str, Any]]] = {}
    for row in mine:
        by_case.setdefault(str(row["case"]), {})[str(row["measure"])] = row
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
                words.cell(row, data.stacks),
                words.workload(row["workload"]),
                words.load(row["load"]),
                words.number(measures["offered"]["value"]),
                *(_twice(measures, name) for name in SHOWN),
                words.number(measures["lag_p99"]["value"]),
                str(row["blocks_done"]),
            ]
        )
    about = every((measures["p50"] for measures in by_case.values()), data.stacks)
    caption = "Percentiles, and what a closed loop would have said"
    return Table(columns, rows, caption, facets=about)


def _twice(measures: dict[str, dict[str, Any]], name: str) -> str:
    if name not in measures or name + FROM_GIVEN not in measures:
        return words.PASSED_OVER
    both = (measures[name]["value"], measures[name + FROM_GIVEN]["value"])
    return "{} ({})".format(*map(words.number, both))
