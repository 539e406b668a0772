"""Which cells a chart shows, in which order and how each is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bench.analysis.rows import Estimate, OfProgram, R, grouped
from bench.contract.alike import (
    MINIMAL,
    adjectives,
    exercised,
    loses,
    may_stand,
    stack_order,
)
from bench.contract.rows import ProgramRow
from bench.report import words
from bench.report.charts.style import INK, MUTED, Look, footer

MIN_COMPANIONS = 2
"""How many other clients must stand beside ``requests`` for it to be shown at all."""


NAMED = ("buffered", "lossy")
"""Variants whose names say what their promise is."""


def enough_clients(programs: Iterable[ProgramRow]) -> bool:
    """Say whether other clients stand beside a stack's usual one."""
    variants = {program.variant for program in programs}
    return sum(variant.endswith(words.CLIENT) for variant in variants) >= MIN_COMPANIONS


def has_clients(program: ProgramRow) -> bool:
    """Say whether there are programs like this one with another client."""
    of_stack = program.stack in words.CLIENT_OF_MINIMAL and program.variant == MINIMAL
    return of_stack and program.language == words.PYTHON


def without_lone_requests(rows: Sequence[R]) -> list[R]:
    """Leave out a cell whose client library lacks its companions.

    The client causes most of what people call the cost of HTTP. ``requests`` alone would
    pass a verdict on a library off as a verdict on a protocol. ``rows`` are of one case:
    they differ in their cell, or in their measure.
    """
    alone = [
        stack
        for stack in words.CLIENT_OF_MINIMAL
        if not enough_clients(r.program for r in rows if r.program.stack == stack)
    ]
    return [r for r in rows if r.program.stack not in alone or not has_clients(r.program)]


def accompanied(rows: Iterable[Estimate]) -> list[Estimate]:
    """Apply ``without_lone_requests`` to each case of estimates of many cases."""
    cases = grouped(rows, lambda row: row.case.name)
    return [row for mine in cases.values() for row in without_lone_requests(mine)]


def group(program: ProgramRow) -> tuple[Any, ...]:
    """Return what sets programs apart: the floor, another language, other promises."""
    promise = exercised(program)
    in_other = program.language != words.PYTHON
    return program.floor, in_other, loses(program), promise


def row_key(program: ProgramRow) -> tuple[Any, ...]:
    """Sort key: by ``group``, the baseline's stack first, in a stack its main program
    first.
    """
    order = stack_order(program.stack)
    return *group(program), -order[0], order[1], not may_stand(program), program.key


def rows_of(rows: Iterable[R]) -> list[R]:
    """Return the first row of each cell, in the order in which charts list them."""
    first = [mine[0] for mine in grouped(rows, lambda row: row.program.key).values()]
    return sorted(first, key=lambda row: row_key(row.program))


def positions(rows: Iterable[OfProgram], gap: float = 0.7) -> dict[str, float]:
    """Return each cell's y, from 0 downwards; groups stand apart."""
    found: dict[str, float] = {}
    y = 0.0
    before: tuple[Any, ...] | None = None
    for row in rows:
        mine = group(row.program)
        y -= gap if before not in (None, mine) else 0
        found[row.program.key] = y
        y -= 1
        before = mine
    return found


def label(program: ProgramRow, look: Look) -> str:
    name = words.cell(program, look.stacks).replace(" (harness floor)", ": harness floor")
    promise = adjectives(program)
    return f"{name}, {promise}" if promise and program.variant not in NAMED else name


def labels(
    rows: Iterable[OfProgram], at: dict[str, float], look: Look
) -> list[tuple[float, str, str]]:
    return [(at[row.program.key], label(row.program, look), INK) for row in rows]


def color(program: ProgramRow, look: Look) -> str:
    return look.colors.get(program.stack, MUTED)


def hollow(program: ProgramRow) -> bool:
    """Whether a cell is drawn hollow: it does not stand for its stack."""
    in_python = program.language == words.PYTHON and not program.loop
    return not (program.floor or (may_stand(program) and in_python))


def footer_of(rows: Iterable[Estimate]) -> str:
    """Return the case of estimates on one line, but for the null stack's."""
    real = [row for row in rows if not row.case.floor]
    return footer([row.case for row in real], [row.blocks_done for row in real])
