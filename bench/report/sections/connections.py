"""The cost of a connection: to open it, and while it is open and carries nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial

from bench.analysis.estimates import headline_measure
from bench.analysis.growth import (
    COST,
    EXPONENT,
    LAWS_OF,
    MARGINAL,
    Growth,
    Point,
    growths,
    points,
    series,
)
from bench.analysis.results import Run
from bench.analysis.rows import Estimate, grouped
from bench.measure.cost import RATE_HZ
from bench.report import words
from bench.report.model import Columns, Data, Section, Table
from bench.report.sections.tables import figures

LEAD = (
    "The client of each program connects anew for every message, or holds many "
    "connections. Memory is what the server has more than before the first connection, "
    "for each of them. Memory that a library claims once is shared by all: one connection "
    "shows it, and a thousand do not. Buffers of the kernel are not counted. A wake-up is "
    "a thread that waited and went on."
)
LAW_HEADS = {EXPONENT: "exponent", MARGINAL: "each further one"}
HOLLOW = " \N{WHITE CIRCLE}"
ABOUT_HOLLOW = (
    "A cost with a circle may be that of something else: its generator was the limit, the "
    "program could not hold the rate, or others used the CPUs. The reasons stand below."
)
AT_REST = {
    "resident_call": "of the client, KiB",
    "rest_serve": "CPU at rest, ms/s",
    "woken_serve": "wake-ups at rest, 1/s",
    "paced_serve": "CPU at 10 messages/s, ms/s",
    "stirred_serve": "wake-ups then, 1/s",
}
"""Measures of an idle connection, and their columns."""
Measures = Mapping[str, Estimate]


def section(data: Data) -> Section:
    """Return the section, without a word where nothing of it was measured."""
    costs = [_cost(data, workload) for workload in words.GROWN]
    tables = [table for table in (_connect(data), _idle(data), *costs) if table.rows]
    lead = [LEAD] if tables else []
    if any(point.hollow for point in _points(data)):
        lead.append(ABOUT_HOLLOW)
    drawn = figures(data, "connections")
    return Section("connections", "Connections", lead, _notes(data), tables, drawn)


def _runs(data: Data) -> list[Run]:
    """Return the run of the report, and that of growth if there is one beside it."""
    return [data.run, *([data.growth.run] if data.growth else [])]


def _of(data: Data, quantity: str) -> Iterator[Measures]:
    """Yield the measures of each case of a quantity, in order of placement and value."""
    found: dict[str, dict[str, Estimate]] = {}
    mine = {row.case.id for row in data.estimates}
    further = data.growth.estimates if data.growth else ()
    for row in (*data.estimates, *(row for row in further if row.case.id not in mine)):
        if row.case.quantity == quantity and not row.case.copy:
            found.setdefault(row.case.id, {})[row.measure] = row
    known = [measures for measures in found.values() if _head(measures) in measures]

    def order(measures: Measures) -> tuple[str, int, float]:
        row = measures[_head(measures)]
        return row.case.placement, row.case.instances, row.value

    yield from sorted(known, key=order)


def _head(measures: Measures) -> str:
    """Return the measure that stands for the quantity of a case."""
    return headline_measure(next(iter(measures.values())).case)


def _connect(data: Data) -> Table:
    columns: Columns[Measures] = {
        "program": lambda found: data.cell(found["p50"].case),
        "case": lambda found: words.case(found["p50"].case),
        "connect to first reply, p50": lambda found: words.time_us(found["p50"].value),
        "interval": lambda found: _bounds(found["p50"]),
        "p90": lambda found: words.time_us(found["p90"].value) if "p90" in found else "",
    }
    caption = "A new connection, from its beginning to the first reply"
    return Table.of(_of(data, "connect"), columns, caption)


def _idle(data: Data) -> Table:
    held = "resident_serve"
    columns: Columns[Measures] = {
        "program": lambda found: data.cell(found[held].case),
        "connections": lambda found: f"{found[held].case.instances:,}",
        "memory for each, KiB": lambda found: words.number(found[held].value),
        "interval": lambda found: _bounds(found[held]),
        **{heading: partial(_number, name) for name, heading in AT_REST.items()},
    }
    caption = "Open connections that carry nothing, and the processes that hold them"
    return Table.of(_of(data, "idle_memory"), columns, caption)


def _cost(data: Data, workload: str) -> Table:
    """Return a row per program: a message's cost at each number of peers.

    A point that is hollow has a mark.
    """
    found = [point for point in _points(data) if point.case.workload == workload]
    numbers = sorted({point.case.instances for point in found})
    every = [row for run in _runs(data) for row in growths(run, *words.LAWS)]
    laws = {(row.law, *row.series): row for row in every}
    told = LAWS_OF[workload]
    rows = []
    for which, mine in grouped(found, lambda point: series(point.case)).items():
        by_number = {point.case.instances: point for point in mine}
        rows.append(
            [
                data.cell(mine[0].case),
                words.size(mine[0].case.size_bytes),
                *(_cost_at(by_number.get(number)) for number in numbers),
                *(_law(laws.get((law, *which))) for law in told),
            ]
        )
    heads = [LAW_HEADS[law] for law in told]
    columns = ["program", "size", *(f"{number:,}" for number in numbers), *heads]
    many, whose = words.GROWN[workload]
    given = "to each of them" if workload == "fan_out" else "in all"
    unit = "\N{MICRO SIGN}s"
    caption = (
        f"The {whose}'s CPU time for a message, {unit}, by the number of {many}; "
        f"{RATE_HZ[workload]:,.0f} messages a second {given}"
    )
    return Table(columns, rows, caption)


def _points(data: Data) -> list[Point]:
    """Return the points of both runs, each case once."""
    found: dict[str, Point] = {}
    for run in _runs(data):
        found = {point.case.id: point for point in points(run)} | found
    return [*found.values()]


def _cost_at(point: Point | None) -> str:
    if point is None:
        return words.PASSED_OVER
    return words.number(point.cost.estimate) + (HOLLOW if point.hollow else "")


def _notes(data: Data) -> list[str]:
    """Return why points are hollow, and why cases of cost have no value."""
    points_of = _points(data)
    known = {point.case.id for point in points_of}
    hollow = [
        f"{data.cell(point.case)}, {words.instances(point.case)}: {point.hollow}"
        for point in points_of
        if point.hollow
    ]
    refused = [
        f"{case}: {reason}"
        for run in _runs(data)
        for case, reason in run.refused.items()
        if f".{COST}." in case and case not in known
    ]
    return [*hollow, *refused]


def _law(row: Growth | None) -> str:
    """Return "0.01 (-0.02 to 0.04)", and whether the costs have no such law."""
    if row is None:
        return words.PASSED_OVER
    said = words.exponent(row.value, row.low, row.high)
    if row.law == MARGINAL:
        said = words.number(row.value)
        if not math.isnan(row.low):
            ends = (words.number(end, row.value) for end in (row.low, row.high))
            said = f"{said} ({' to '.join(ends)})"
    return f"{said}, no {words.LAWS[row.law]}" if row.off_line else said


def _number(name: str, found: Measures) -> str:
    return words.number(found[name].value) if name in found else ""


def _bounds(row: Estimate) -> str:
    return words.bounds(row.low, row.high, row.value)
