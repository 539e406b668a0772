"""The code that a guarantee takes: the smallest program at each measured level."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from bench.contract.rows import ProgramRow
from bench.measure.levels import LEVELS
from bench.report import words
from bench.report.facets import every
from bench.report.model import Data, Section, Table
from bench.report.sections.code import own_sentences
from bench.report.sections.failures import cell_order
from bench.report.sections.levels import statements


class Cheapest(NamedTuple):
    """The smallest program of a stack that has a level."""

    program: ProgramRow
    statements: int


Levels = dict[str, Cheapest]
"""By level."""


def cheapest(data: Data) -> dict[tuple[str, str], Levels]:
    """Return the smallest program in Python at each level, by workload and stack.

    A program at a higher level has all lower ones too. Levels that none has are left out.
    """
    counted = statements(data)
    found: dict[tuple[str, str], Levels] = {}
    for row in sorted(data.levels, key=lambda row: cell_order(row.program)):
        program = row.program
        if row.level not in LEVELS or program.cell not in counted:
            continue
        if program.language != words.PYTHON:
            continue
        mine = Cheapest(program, counted[program.cell])
        levels = found.setdefault((program.workload, program.stack), {})
        for level in LEVELS[: LEVELS.index(row.level) + 1]:
            best = levels.get(level)
            if best is None or mine.statements < best.statements:
                levels[level] = mine
    known = list(words.WORKLOADS)

    def order(place: tuple[str, str]) -> tuple[Any, ...]:
        return known.index(place[0]), cell_order(found[place][LEVELS[0]].program)

    return {place: found[place] for place in sorted(found, key=order)}


def steps(levels: Mapping[str, Cheapest]) -> Iterator[tuple[str, Cheapest, int]]:
    """Yield each level with its program, and its statements beyond the level before."""
    before = 0
    for level in LEVELS:
        if level in levels:
            found = levels[level]
            yield level, found, found.statements - before
            before = found.statements


def price_table(data: Data) -> Table:
    rows, about = [], []
    for (workload, stack), levels in cheapest(data).items():
        cells = dict.fromkeys(map(str, LEVELS), words.PASSED_OVER)
        for level, found, more in steps(levels):
            beyond = "" if level == LEVELS[0] else f" ({more:+d})"
            cells[level] = f"{found.statements}{beyond}, {found.program.variant}"
        place = [words.workload(workload), words.stack(stack, data.stacks)]
        rows.append([*place, *cells.values()])
        about.append(ProgramRow(workload=workload, stack=stack))
    columns = ["workload", "stack", *LEVELS]
    caption = "Statements of the smallest program at each level"
    return Table(columns, rows, caption, facets=every(about, data.stacks))


def price_sentences(data: Data) -> Iterator[str]:
    """Yield, per workload, what the highest level takes beyond the happy path."""
    found = cheapest(data)
    for workload in words.WORKLOADS:
        said = []
        for (name, stack), levels in found.items():
            if name != workload or LEVELS[-1] not in levels:
                continue
            most, least = (levels[k].statements for k in (LEVELS[-1], LEVELS[0]))
            label, times = words.stack(stack, data.stacks), most / least
            said.append(
                f"{label} {most} statements, {most - least:+d} or "
                f"{words.number(times, digits=2)} times its happy path of {least}"
            )
        if said:
            yield f"{words.workload(workload)} at {LEVELS[-1]}: {'; '.join(said)}."


def price(data: Data, figures: Sequence[Any]) -> Section:
    made = price_table(data)
    lead = (
        "What a guarantee takes to write, at levels that were measured: the smallest "
        "program of each stack at each level, and its statements beyond those of the one "
        "before. No program is counted at a level at which it was not seen."
    )
    said = [lead, *price_sentences(data), *own_sentences(data)] if made.rows else []
    tables = [made] if made.rows else []
    return Section(
        "price", "What a guarantee takes", said, tables=tables, figures=[*figures]
    )
