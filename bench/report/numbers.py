"""numbers.json: every citable number, each with all that a citation needs.

A list of entries. Bounds and confidence are null where too few blocks allow no
interval; counted things (code sizes) have the value for both bounds and no blocks.
``kind`` is "absolute", "size" or the kind of a comparison; ``grade`` is the run's.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from bench.charts import date, machine, words
from bench.charts.costs import SIZES, size_table
from bench.charts.style import records
from bench.estimates import headline_measure
from bench.report import sentences
from bench.report.model import Data
from bench.results import Run

SIGNIFICANT = 6


def _plain(value: float) -> float | None:
    """Return a number as JSON can hold it, cut to the digits that are worth keeping."""
    if math.isnan(value) or math.isinf(value):
        return None
    return float(f"{value:.{SIGNIFICANT}g}")


def identifier(row: Mapping[str, Any]) -> str:
    """Return the id of an absolute number: the case's, its quantity naming the measure."""
    measure, quantity = row["measure"], row["quantity"]
    if measure == headline_measure(quantity):
        return str(row["case"])
    parts = str(row["case"]).split(".")
    parts[1] = f"{quantity}_{measure}"
    return ".".join(parts)


def comparison_identifier(row: Mapping[str, Any]) -> str:
    return f"{row['name']}.{row['key_a']}.vs.{row['key_b']}"


def _versions(run: Run, stacks: list[str]) -> str:
    """Return the versions that matter for these stacks: "Python 3.11.7, pyzmq 27.3.0"."""
    known = run.about["machine"]["versions"]
    names = [n for stack in stacks for n in run.about["stacks"][stack]["requirements"]]
    if "pyzmq" in names:
        names.append("libzmq")
    found = [f"{name} {known[name]}" for name in dict.fromkeys(names) if name in known]
    return ", ".join([f"Python {known['python']}", *found])


def provenance(run: Run, stacks: list[str]) -> dict[str, Any]:
    return {
        "run": run.name,
        "date": date(run.about),
        "machine": f"{machine(run.about)}, Linux {run.about['machine']['kernel']}",
        "versions": _versions(run, stacks),
    }


def _interval(row: Mapping[str, Any], value: float) -> dict[str, Any]:
    """Return value and interval; without blocks enough, the bounds say nothing."""
    none = math.isnan(row["low"])
    return {
        "value": _plain(value),
        "ci_low": None if none else _plain(row["low"]),
        "ci_high": None if none else _plain(row["high"]),
        "confidence": None if none else row["confidence"],
        "blocks": int(row["blocks_done"]),
    }


def _absolutes(run: Run, table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    stacks = run.about["stacks"]
    for row in records(table[table["twin"] == 0]):
        yield {
            "id": identifier(row),
            "kind": "absolute",
            "sentence": sentences.absolute(row, stacks),
            "unit": row["unit"],
            **_interval(row, row["value"]),
            "cells": [row["cell"]],
            "labels": [words.cell(row, stacks)],
            "case": row["name"],
            "verdict": None,
            **provenance(run, [row["stack"]]),
        }


def _comparisons(run: Run, compared: pd.DataFrame) -> Iterator[dict[str, Any]]:
    stacks = run.about["stacks"]
    for row in records(compared):
        yield {
            "id": comparison_identifier(row),
            "kind": row["kind"],
            "sentence": sentences.comparison(row, stacks),
            "unit": "ratio of times",
            **_interval(row, row["ratio"]),
            "cells": [row["cell_a"], row["cell_b"]],
            "labels": [words.side(row, which, stacks) for which in "ab"],
            "case": row["name"],
            "verdict": row["verdict"],
            **provenance(run, [row["stack_a"], row["stack_b"]]),
        }


def _sizes(run: Run) -> Iterator[dict[str, Any]]:
    for row in records(size_table(run)):
        for column in SIZES:
            kind = column.removesuffix("_bytes")
            yield {
                "id": f"{row['workload']}.size.{kind}.{row['key']}",
                "kind": "size",
                "sentence": sentences.size(row, column, run.about["stacks"]),
                "unit": "bytes" if column == "gzip_bytes" else column,
                "value": row[column],
                "ci_low": row[column],
                "ci_high": row[column],
                "confidence": 1.0,
                "blocks": 0,
                "cells": [row["cell"]],
                "labels": [words.cell(row, run.about["stacks"])],
                "case": f"{row['workload']}.size.{kind}",
                "verdict": None,
                **provenance(run, [row["stack"]]),
            }


def numbers(data: Data) -> list[dict[str, Any]]:
    """Return every entry of a run, in the order: comparisons, absolutes, sizes."""
    entries = (
        *_comparisons(data.run, data.compared),
        *_absolutes(data.run, data.table),
        *_sizes(data.run),
    )
    return [{**entry, "grade": data.grade.letter} for entry in entries]
