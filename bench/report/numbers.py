"""numbers.json: every citable number, each with all that a citation needs.

A list of entries. Bounds and confidence are null where too few blocks allow no
interval; counted things (code sizes) have the value for both bounds and no blocks.
``kind`` is "absolute", "size", "recovery", "level", one of ``code_numbers``
("total", "twins", "price", "change", "weight") or the kind of a comparison; ``grade``
is the run's. Of recovery ``blocks`` are trials, and a median or a bound that was never
reached is null as well: the sentence says how long it was waited for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from itertools import product
from typing import Any

import pandas as pd

from bench.charts import date, machine, words
from bench.charts.costs import SIZES, size_table
from bench.estimates import headline_measure
from bench.frames import records
from bench.machine import NATIVE, behind
from bench.recoveries import measured
from bench.report import code_numbers, failures, levels, sentences
from bench.report.entries import exact
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


def _versions(run: Run, cells: list[str]) -> str:
    """Return the versions that matter for these cells: "Python 3.11.7, pyzmq 27.3.0"."""
    known = run.about["machine"]["versions"]
    names = [name for cell in cells for name in behind(run.about["stacks"], cell)]
    ordered = sorted(dict.fromkeys(names), key=NATIVE.__contains__)
    spelled = {"python": "Python"}
    return ", ".join(f"{spelled.get(n, n)} {known[n]}" for n in ordered if n in known)


def provenance(run: Run, cells: list[str]) -> dict[str, Any]:
    return {
        "run": run.name,
        "date": date(run.about),
        "machine": f"{machine(run.about)}, Linux {run.about['machine']['kernel']}",
        "versions": _versions(run, cells),
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
            **provenance(run, [row["cell"]]),
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
            **provenance(run, [row["cell_a"], row["cell_b"]]),
        }


def _sizes(run: Run) -> Iterator[dict[str, Any]]:
    for row in records(size_table(run, pd.concat([run.cases, run.recovery_cases]))):
        for column in SIZES:
            kind = column.removesuffix("_bytes")
            yield {
                "id": f"{row['workload']}.size.{kind}.{row['key']}",
                "kind": "size",
                "sentence": sentences.size(row, column, run.about["stacks"]),
                "unit": "bytes" if column == "gzip_bytes" else column,
                **exact(row[column]),
                "cells": [row["cell"]],
                "labels": [words.cell(row, run.about["stacks"])],
                "case": f"{row['workload']}.size.{kind}",
                "verdict": None,
                **provenance(run, [row["cell"]]),
            }


def recovery_identifier(row: Mapping[str, Any], measure: str) -> str:
    """Return ``<workload>.recovery.<fault>.<cell>``, naming what is not the outage."""
    quantity = "recovery" if measure == "outage" else f"recovery_{measure}"
    return f"{row['workload']}.{quantity}.{row['fault']}.{row['key']}"


def _recoveries(run: Run, table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield the medians over trials; one that was never reached has no value."""
    stacks = run.about["stacks"]
    for row, measure in product(records(measured(table)), failures.MEASURES):
        bounds = {end: row[f"{measure}_{end}"] for end in ("low", "high")}
        some = {**bounds, "confidence": row["confidence"], "blocks_done": row["repeats"]}
        yield {
            "id": recovery_identifier(row, measure),
            "kind": "recovery",
            "sentence": failures.cited(row, measure, stacks),
            "unit": failures.MEASURES[measure][1],
            **_interval(some, row[failures.column(measure)]),
            "cells": [row["cell"]],
            "labels": [words.cell(row, stacks)],
            "case": row["name"],
            "verdict": row["verdict"],
            **provenance(run, [row["cell"]]),
        }


def _levels(data: Data) -> Iterator[dict[str, Any]]:
    for row in sorted(records(data.levels), key=levels.table_order):
        if not row["level"]:
            continue
        value = int(row["level"].removeprefix("L"))
        yield {
            "id": f"{row['workload']}.level.{row['key']}",
            "kind": "level",
            "sentence": levels.cited(row, data.stacks),
            "unit": "level",
            **exact(value, row["trials"]),
            "cells": [row["cell"]],
            "labels": [words.cell(row, data.stacks)],
            "case": f"{row['workload']}.level",
            "verdict": None,
            **provenance(data.run, [row["cell"]]),
        }


def numbers(data: Data) -> list[dict[str, Any]]:
    """Return every entry: comparisons, absolutes, sizes, recoveries, levels, code."""
    entries = [
        *_comparisons(data.run, data.compared),
        *_absolutes(data.run, data.table),
        *_sizes(data.run),
        *_recoveries(data.run, data.recoveries),
        *_levels(data),
    ]
    known = {entry["id"] for entry in entries}
    entries += code_numbers.entries(data, partial(provenance, data.run), known)
    return [{**entry, "grade": data.grade.letter} for entry in entries]
