"""The code that a guarantee takes: a section of the report."""

from __future__ import annotations

from collections.abc import Iterator

from bench.measure.levels import LEVELS
from bench.report import ratio, words
from bench.report.charts.price import steps
from bench.report.model import Data, Section, Table
from bench.report.sections.code import own_sentences
from bench.report.sections.tables import figures


def price_table(data: Data) -> Table:
    rows = []
    for (workload, stack), levels in data.cheapest.items():
        cells = dict.fromkeys(map(str, LEVELS), words.PASSED_OVER)
        for level, found, more in steps(levels):
            beyond = "" if level == LEVELS[0] else f" ({more:+d})"
            cells[level] = f"{found.statements}{beyond}, {found.program.variant}"
        place = [words.workload(workload), data.stack(stack)]
        rows.append([*place, *cells.values()])
    columns = ["workload", "stack", *LEVELS]
    return Table(columns, rows, "Statements of the smallest program at each level")


def price_sentences(data: Data) -> Iterator[str]:
    """Yield, per workload, what the highest level takes beyond the happy path."""
    found = data.cheapest
    for workload in words.WORKLOADS:
        said = []
        for (name, stack), levels in found.items():
            if name != workload or LEVELS[-1] not in levels:
                continue
            most, least = (levels[k].statements for k in (LEVELS[-1], LEVELS[0]))
            label, times = data.stack(stack), most / least
            said.append(
                f"{label} {most} statements, {most - least:+d} or "
                f"{ratio.times([times], 2)} its happy path of {least}"
            )
        if said:
            yield f"{words.workload(workload)} at {LEVELS[-1]}: {'; '.join(said)}."


def price(data: Data) -> Section:
    made = price_table(data)
    lead = (
        "What a guarantee takes to write, at levels that were measured: the smallest "
        "program of each stack at each level, and its statements beyond those of the one "
        "before. No program is counted at a level at which it was not seen."
    )
    said = [lead, *price_sentences(data), *own_sentences(data)] if made.rows else []
    drawn = figures(data, "price")
    return Section("price", "What a guarantee takes", said, tables=[made], figures=drawn)
