"""The code that a guarantee takes: the smallest program of each stack at each level."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from bench.analysis.code_rows import Counts
from bench.analysis.recovery_rows import LevelRow
from bench.contract.alike import loses, stack_order
from bench.contract.rows import ProgramRow
from bench.measure.levels import LEVELS
from bench.report import words
from bench.report.charts import bars, style
from bench.report.charts.findings import listed
from bench.report.charts.style import Chart, Look

RESILIENT = "resilient"
MEANINGS = ("while nothing fails", "survives a restart", "survives every fault of its list")


class Cheapest(NamedTuple):
    """The smallest program of a stack that has a level."""

    program: ProgramRow
    statements: int


Levels = dict[str, Cheapest]
"""By level."""
Place = tuple[str, str]
"""A workload and a stack."""


def statements(sizes: Mapping[str, Counts]) -> dict[str, int]:
    """Return the statements of each cell of ``run.sizes``."""
    return {cell: counts.statements for cell, counts in sizes.items()}


def cheapest(
    levels: Iterable[LevelRow], statements: Mapping[str, int]
) -> dict[Place, Levels]:
    """Return the smallest program in Python at each level, by workload and stack.

    A program at a higher level has all lower ones too. Levels that none has are left out.
    A program that may lose messages in silence is left out where another one of its stack
    loses none, because it promises less. A resilient program reports its losses.
    """
    found: dict[Place, Levels] = {}
    counted = [
        row
        for row in sorted(levels, key=lambda row: _order(row.program))
        if row.program.language == words.PYTHON and row.program.cell in statements
        if row.level in LEVELS
    ]
    lossless = {_place(row.program) for row in counted if not loses(row.program)}
    for row in counted:
        program = row.program
        silent = loses(program) and program.variant != RESILIENT
        if silent and _place(program) in lossless:
            continue
        mine = Cheapest(program, statements[program.cell])
        known = found.setdefault(_place(program), {})
        for level in LEVELS[: LEVELS.index(row.level) + 1]:
            if level not in known or mine.statements < known[level].statements:
                known[level] = mine
    return found


def _place(program: ProgramRow) -> Place:
    return program.workload, program.stack


def _order(program: ProgramRow) -> tuple[int, int, str, str]:
    stack = program.stack
    return words.order(program.workload), -stack_order(stack)[0], stack, program.variant


def steps(levels: Mapping[str, Cheapest]) -> Iterator[tuple[str, Cheapest, int]]:
    """Yield each level with its program, and its statements beyond the level before."""
    before = 0
    for level in LEVELS:
        if level in levels:
            found = levels[level]
            yield level, found, found.statements - before
            before = found.statements


def title(found: Mapping[Place, Levels], look: Look) -> str:
    """Return what surviving takes in the first workload in which programs do so."""
    for workload in dict.fromkeys(workload for workload, _ in found):
        mine = {s: levels for (w, s), levels in found.items() if w == workload}
        said = [
            f"{levels[LEVELS[0]].statements} statements become "
            f"{levels[LEVELS[-1]].statements} on {words.stack(stack, look.stacks)}"
            for stack, levels in mine.items()
            if LEVELS[-1] in levels
        ]
        if said:
            shorter = [said[0], *(one.replace(" statements", "") for one in said[1:])]
            return f"{words.workload(workload)} that survives failures: {listed(shorter)}"
    return "What surviving takes: statements of the smallest program at each level"


def price(
    levels: Iterable[LevelRow], statements: Mapping[str, int], look: Look
) -> Chart | None:
    """Return bars of statements by level, a panel for each workload."""
    found = cheapest(levels, statements)
    workloads = list(dict.fromkeys(workload for workload, _ in found))
    if not workloads:
        return None
    heading = title(found, look)
    subtitle = (
        "Statements of each stack's smallest program in Python. Shorter is less to write"
    )
    footer = (
        "levels as measured; a stack without the last part has no program at that level"
    )
    rows = (len({stack for _, stack in found}) + 2) * len(workloads)
    figure = style.blank(heading, subtitle, footer, look, rows, len(LEVELS))
    most = max(best.statements for mine in found.values() for best in mine.values())
    stacks = list(dict.fromkeys(stack for _, stack in found))
    at = {stack: -float(number) for number, stack in enumerate(stacks)}
    panels = style.panels(figure, len(workloads), left=0.16)
    for axes, workload in zip(panels, workloads, strict=True):
        for stack in stacks:
            mine = found.get((workload, stack), {})
            sums = dict.fromkeys(best.statements for best in mine.values())
            said = " \N{RIGHTWARDS ARROW} ".join(map(str, sums))
            parts = [more for _, _, more in steps(mine)]
            bars.stacked(axes, at[stack], parts, said, look.colors[stack])
        axes.set_xlim(0, most * 1.8)
        bars.finish(axes, (), at, words.workload(workload))
    named = [(at[s], words.stack(s, look.stacks), look.colors[s]) for s in stacks]
    for axes in panels if look.narrow else panels[:1]:
        style.row_labels(axes, named)
    bars.key(figure, [f"{k}: {said}" for k, said in zip(LEVELS, MEANINGS, strict=True)])
    return Chart("price", "price", heading, figure, _table(found))


def _table(found: Mapping[Place, Levels]) -> pd.DataFrame:
    rows: list[Sequence[object]] = [
        (workload, stack, level, best.program.variant, best.statements, more)
        for (workload, stack), levels in found.items()
        for level, best, more in steps(levels)
    ]
    columns = ["workload", "stack", "level", "variant", "statements", "more"]
    return pd.DataFrame(rows, columns=columns)
