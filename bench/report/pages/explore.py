"""Every number of a report as rows that a reader sorts, filters and exports in the page."""

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
NUMBERS = ("value", "low", "high")
ID = "id"
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


def _variant(entry: Mapping[str, Any], language: str) -> str:
    """Return the variant as charts name it, with client and event loop: "http.client"."""
    _, _, inside = str(entry["labels"][0]).partition(" (")
    return inside.removesuffix(")").removesuffix(f", {language}")


def row(entry: Mapping[str, Any]) -> list[Any]:
    """Return one number as a row of ``COLUMNS``; of a number without bounds, null."""
    cell = program_at(entry["cells"][0])
    language = cell.language.capitalize()
    about = {
        **_circumstances(entry),
        "stack": words.stack_of(entry["labels"][0]) or cell.stack,
        "variant": _variant(entry, language) or cell.variant,
        "language": language,
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


def _places(texts: Sequence[str]) -> tuple[list[str], list[int]]:
    """Return different texts in the order of their first use, and where each one is."""
    known = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    return list(known), [known[text] for text in texts]


def packed(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    """Return the columns of rows, each with its values once.

    A column of numbers has them in ``values``. A column of texts has the different ones
    in ``values``, and the place of each row's text in ``rows``. Ids are cut at their dots,
    since they repeat their parts: ``rows`` has the places of all parts of an id.
    """
    made: list[dict[str, Any]] = []
    for place, name in enumerate(COLUMNS):
        column = [row[place] for row in rows]
        if name in NUMBERS:
            made.append({"values": column})
        elif name == ID:
            cut = [str(one).split(".") for one in column]
            parts, places = _places([part for parts in cut for part in parts])
            left = iter(places)
            of_rows = [[next(left) for _ in parts] for parts in cut]
            made.append({"values": parts, "rows": of_rows})
        else:
            texts, places = _places(column)
            made.append({"values": texts, "rows": places})
    return made


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
        "data": packed(rows),
    }
    return json.dumps(made, separators=(",", ":"), ensure_ascii=False).replace(
        "<", "\\u003c"
    )
