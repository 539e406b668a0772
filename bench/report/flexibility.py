"""What has to be changed when the task changes: tables of the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.charts import words
from bench.flexibility import (
    TRANSPORTS,
    WORKLOADS,
    between_peers,
    between_transports,
    between_workloads,
)
from bench.report.code import programs
from bench.report.facets import every
from bench.report.model import Data, Section, Table

Row = Mapping[str, Any]


def workload_changes(data: Data) -> Table:
    pairs = [
        (first, second)
        for number, first in enumerate(WORKLOADS)
        for second in WORKLOADS[number + 1 :]
    ]
    rows: dict[tuple[str, str, str], dict[tuple[str, str], Row]] = {}
    for row in between_workloads(data.run.code):
        key = row["stack"], row["variant"], row["language"]
        rows.setdefault(key, {})[row["from"], row["to"]] = row
    keys = ("stack", "variant", "language")
    whose = [dict(zip(keys, key, strict=True)) for key in rows]
    made = []
    for about, found in zip(whose, rows.values(), strict=True):
        cells = [
            f"{found[pair]['changed']} ({found[pair]['before']} to {found[pair]['after']})"
            if pair in found
            else words.PASSED_OVER
            for pair in pairs
        ]
        made.append([words.cell(about, data.stacks), *cells])
    columns = ["programs"] + [
        f"{words.workload(a)} to {words.workload(b).lower()}" for a, b in pairs
    ]
    caption = "Statements to change for another workload (statements before and after)"
    return Table(columns, made, caption, facets=every(whose, data.stacks))


def other_changes(data: Data) -> Table:
    pairs = [(TRANSPORTS[0], other) for other in TRANSPORTS[1:]]
    rows = []
    shown = [row for row in programs(data) if row["variant"] != "slide"]
    for row in shown:
        cells = [between_peers(row, data.run.checks)]
        cells += [between_transports(row, data.run.checks, *pair) for pair in pairs]
        place = [words.workload(row["workload"]), words.cell(row, data.stacks)]
        rows.append([*place, *map(str, cells)])
    columns = ["workload", "program", "one peer to several"]
    columns += [f"{first} to {second}" for first, second in pairs]
    caption = "Statements to change for more peers or another transport"
    return Table(columns, rows, caption, facets=every(shown, data.stacks))


def flexibility(data: Data) -> Section:
    made = [workload_changes(data), other_changes(data)]
    if not made[0].rows:
        return Section("flexibility", "What a change takes")
    lead = (
        "Statements that differ between two programs of a stack, in their normal forms: "
        "layout and comments do not count, one that was replaced counts once, and so does "
        "what only one of them includes. For more peers and other transports nothing "
        "changes where the same file passed conformance both ways; what is there for "
        "several peers from the beginning is not told apart."
    )
    return Section("flexibility", "What a change takes", [lead], tables=made)
