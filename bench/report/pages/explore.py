"""Every number of a report as rows that a reader filters and sorts in the page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bench.contract.rows import case_named
from bench.report import words
from bench.report.entries import program_at

COLUMNS = (
    "workload", "what", "stack", "variant", "language", "transport", "size", "peers",
    "placement", "load", "fault", "value", "low", "high", "unit", "verdict", "id",
)  # fmt: skip
"""The fields of a row, in the order in which the page has them."""
FILTERS = COLUMNS[: COLUMNS.index("value")]
"""The columns by which a reader filters."""
KINDS = {"absolute", "recovery", "size", "level"}
"""Kinds that are about one program each; comparisons have a section of their own."""
UNTIMED = {"size", "level"}
"""Kinds that are about a program, and about no case."""
FLOOR = "null/"


def _circumstances(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return what a case's name says, '' for what it does not."""
    if entry["kind"] in UNTIMED:  # <workload>.<what>[.<of what>]
        workload, *what = str(entry["case"]).split(".")
        return {"workload": workload, "what": " ".join(what)}
    row = case_named(entry["case"])
    return {
        "workload": row.workload,
        "what": row.quantity,
        "size": words.size(row.size_bytes),
        "transport": row.transport,
        "peers": words.instances(row),
        "placement": words.PLACEMENTS_SHORT.get(row.placement, row.placement),
        "load": words.load(row.load) if row.load else "",
        "fault": row.fault.replace("_", " "),
    }


def _measure(entry: Mapping[str, Any]) -> str:
    """Return what is measured, as the id spells it: "latency p99", "recovery settle"."""
    return str(entry["id"]).split(".")[1].replace("_", " ")


def row(entry: Mapping[str, Any]) -> list[Any]:
    """Return one number as a row of ``COLUMNS``; of a number without bounds, null."""
    cell = program_at(entry["cells"][0])
    about = {
        **_circumstances(entry),
        "stack": words.stack_of(entry["labels"][0]) or cell.stack,
        "variant": cell.variant,
        "language": cell.language.capitalize(),
        "value": entry["value"],
        "low": entry["ci_low"],
        "high": entry["ci_high"],
        "unit": words.unit(entry["unit"]),
        "verdict": entry["verdict"] or "",
        "id": entry["id"],
    }
    about["workload"] = words.workload(about["workload"])
    if entry["kind"] in ("absolute", "recovery"):
        about["what"] = _measure(entry)
    return [about.get(name, "") for name in COLUMNS]


def explored(entries: Sequence[Mapping[str, Any]], colors: Mapping[str, str]) -> str:
    """Return all rows as JSON that may stand in a page's script element.

    ``colors`` are those of the stacks, by label.
    """
    mine = (e for e in entries if e["kind"] in KINDS and not e["id"].startswith("total."))
    rows = [row(e) for e in mine if not e["cells"][0].startswith(FLOOR)]
    made = {
        "columns": COLUMNS,
        "filters": FILTERS,
        "colors": colors,
        "rows": rows,
    }
    return json.dumps(made, separators=(",", ":"), ensure_ascii=False).replace(
        "<", "\\u003c"
    )
