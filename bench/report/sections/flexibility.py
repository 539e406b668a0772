"""Changes that a change of the task needs: tables of the report."""

from __future__ import annotations

from bench.analysis.change_cost import (
    TRANSPORTS,
    WORKLOADS,
    between_peers,
    between_transports,
    between_workloads,
)
from bench.analysis.rows import grouped
from bench.contract.model import SLIDE
from bench.report import words
from bench.report.facets import every
from bench.report.model import Data, Section, Table
from bench.report.sections.code import programs


def workload_changes(data: Data) -> Table:
    pairs = [
        (first, second)
        for number, first in enumerate(WORKLOADS)
        for second in WORKLOADS[number + 1 :]
    ]
    rows = grouped(between_workloads(data.run.code), lambda change: change.program)
    made = []
    for program, changes in rows.items():
        said = {
            (each.first, each.second): f"{each.changed} ({each.before} to {each.after})"
            for each in changes
        }
        cells = [said.get(pair, words.PASSED_OVER) for pair in pairs]
        made.append([words.cell(program, data.stacks), *cells])
    columns = ["programs"] + [
        f"{words.workload(a)} to {words.workload(b).lower()}" for a, b in pairs
    ]
    caption = "Statements to change for another workload (statements before and after)"
    return Table(columns, made, caption, facets=every(rows, data.stacks))


def other_changes(data: Data) -> Table:
    pairs = [(TRANSPORTS[0], other) for other in TRANSPORTS[1:]]
    rows = []
    shown = [row for row in programs(data) if row.program.variant != SLIDE]
    for row in shown:
        cells = [between_peers(row, data.run.checks)]
        cells += [between_transports(row, data.run.checks, *pair) for pair in pairs]
        program = row.program
        place = [words.workload(program.workload), words.cell(program, data.stacks)]
        rows.append([*place, *map(str, cells)])
    columns = ["workload", "program", "one peer to several"]
    columns += [f"{first} to {second}" for first, second in pairs]
    caption = "Statements to change for more peers or another transport"
    return Table(
        columns, rows, caption, facets=every((row.program for row in shown), data.stacks)
    )


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
