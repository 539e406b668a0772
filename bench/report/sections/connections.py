"""The cost of a connection: to open it, and while it is open and carries nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

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
from bench.report.model import Data, Section, Table

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
AT_REST = ("rest_serve", "woken_serve", "paced_serve", "stirred_serve")
Measures = Mapping[str, Estimate]


def section(data: Data) -> Section:
    """Return the section, without a word where nothing of it was measured."""
    costs = [_cost(data, workload) for workload in words.GROWN]
    tables = [table for table in (_connect(data), _idle(data), *costs) if table.rows]
    lead = [LEAD] if tables else []
    if any(point.hollow for point in _points(data)):
        lead.append(ABOUT_HOLLOW)
    return Section("connections", "Connections", lead, _notes(data), tables)


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
    columns = ["program", "case", "connect to first reply, p50", "interval", "p90"]
    rows = []
    for measures in _of(data, "connect"):
        row = measures["p50"]
        rows.append(
            [
                words.cell(row.case, data.stacks),
                words.case(row.case),
                words.time_us(row.value),
                _bounds(row),
                words.time_us(measures["p90"].value) if "p90" in measures else "",
            ]
        )
    caption = "A new connection, from its beginning to the first reply"
    return Table(columns, rows, caption)


def _idle(data: Data) -> Table:
    columns = [
        "program", "connections", "memory for each, KiB", "interval",
        "of the client, KiB", "CPU at rest, ms/s", "wake-ups at rest, 1/s",
        "CPU at 10 messages/s, ms/s", "wake-ups then, 1/s",
    ]  # fmt: skip
    rows = []
    for measures in _of(data, "idle_memory"):
        row = measures["resident_serve"]
        rows.append(
            [
                words.cell(row.case, data.stacks),
                f"{row.case.instances:,}",
                words.number(row.value),
                _bounds(row),
                *(_number(measures, name) for name in ("resident_call", *AT_REST)),
            ]
        )
    caption = "Open connections that carry nothing, and the processes that hold them"
    return Table(columns, rows, caption)


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
                words.cell(mine[0].case, data.stacks),
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
        f"{words.cell(point.case, data.stacks)}, {words.instances(point.case)}: "
        f"{point.hollow}"
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


def _number(measures: Measures, name: str) -> str:
    return words.number(measures[name].value) if name in measures else ""


def _bounds(row: Estimate) -> str:
    if math.isnan(row.low):  # too few blocks
        return words.PASSED_OVER
    return f"{words.number(row.low, row.value)} to {words.number(row.high, row.value)}"
