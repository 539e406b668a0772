"""Changes that a change of the task needs: tables of the report."""

from __future__ import annotations

from functools import partial
from itertools import combinations

from bench.analysis.change_cost import (
    TRANSPORTS,
    WORKLOADS,
    between_peers,
    between_transports,
    between_workloads,
)
from bench.analysis.code_rows import ProgramCode
from bench.analysis.rows import grouped
from bench.contract.model import SLIDE
from bench.report import words
from bench.report.model import Columns, Data, Section, Table
from bench.report.sections.code import of_program, programs


def workload_changes(data: Data) -> Table:
    pairs = list(combinations(WORKLOADS, 2))
    rows = []
    changed = grouped(between_workloads(data.run.code), lambda change: change.program)
    for program, changes in changed.items():
        said = {
            (each.first, each.second): f"{each.changed} ({each.before} to {each.after})"
            for each in changes
        }
        cells = (said.get(pair, words.PASSED_OVER) for pair in pairs)
        rows.append([data.cell(program), *cells])
    columns = [f"{words.workload(a)} to {words.workload(b).lower()}" for a, b in pairs]
    caption = "Statements to change for another workload (statements before and after)"
    return Table(["programs", *columns], rows, caption)


def other_changes(data: Data) -> Table:
    checks, first = data.run.checks, TRANSPORTS[0]

    def ported(other: str, row: ProgramCode) -> str:
        return str(between_transports(row, checks, first, other))

    columns: Columns[ProgramCode] = {
        **of_program(data),
        "one peer to several": lambda row: str(between_peers(row, checks)),
        **{f"{first} to {other}": partial(ported, other) for other in TRANSPORTS[1:]},
    }
    rows = (row for row in programs(data) if row.program.variant != SLIDE)
    caption = "Statements to change for more peers or another transport"
    return Table.of(rows, columns, caption)


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
