"""The questions about code: which program is shortest, with and without guarantees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.analysis.rows import grouped, of_most_alike
from bench.contract.alike import headline_cells
from bench.contract.rows import ProgramRow
from bench.report import words
from bench.report.charts.bars import sizes
from bench.report.charts.findings import best_of_each, listed
from bench.report.model import Answer, Data
from bench.report.sections import levels
from bench.report.sections.leading import leaders, of_languages

GUARANTEED, RESILIENT = "L2", "resilient"


def shortest_guaranteed(data: Data) -> Iterator[Answer]:
    counted = data.statements
    known = [row for row in data.levels if row.program.cell in counted]
    question = "Which is shortest at equal guarantees?"
    text = (
        f"Statements of the shortest program at level {GUARANTEED}, which survives every "
        "fault of a fixed list and loses, doubles and answers wrongly nothing: "
    )
    resilient = [row for row in known if row.program.variant == RESILIENT]
    # A program not tried with all of them may be as good: then none is the shortest.
    left_open = {row.program.workload for row in resilient if levels.is_open(row)}
    safe = [
        row
        for row in known
        if row.level == GUARANTEED and row.program.workload not in left_open
    ]
    rows = [Counted(row.program, counted[row.program.cell]) for row in safe]
    for row in (row for row in safe if row.beside):
        name = data.cell(row.program)
        where, fault = words.workload(row.program.workload).lower(), ", ".join(row.beside)
        text = f"{name} in {where} breaks under {fault}, which is on no list. {text}"
    if left_open:
        names = [name.lower() for key, name in words.WORKLOADS.items() if key in left_open]
        untried = (
            f"This run did not try every fault of level {GUARANTEED} in {listed(names)}."
        )
        if not rows:
            yield Answer(question, "Not tested.", untried, "size")
        text = f"{untried} {text}"
    short = [
        f"{data.cell(row.program)} in "
        f"{words.workload(row.program.workload).lower()}, at {row.level} ({row.amiss})"
        for row in resilient
        if levels.held_back(row) and row.program.workload not in left_open
    ]
    left_out = f"; left out: {'; '.join(short)}" if short else ""
    yield from _shortest(rows, question, text, data, left_out)


def shortest_happy_path(data: Data) -> Iterator[Answer]:
    counted = [row for row in sizes(data.run) if not row.program.floor]
    heads: list[Counted] = []
    for mine in grouped(counted, lambda row: row.program.workload).values():
        standing = headline_cells(row.program for row in of_most_alike(mine)).values()
        heads += [
            Counted(row.program, row.counts.statements)
            for program in standing
            for row in mine
            if row.program == program
        ]
    text = "Statements of the program that stands for its stack, library defaults: "
    yield from _shortest(heads, "Which is shortest while nothing fails?", text, data)


class Counted(NamedTuple):
    """A program and how many statements it has."""

    program: ProgramRow
    statements: int


def _shortest(
    rows: Sequence[Counted], question: str, text: str, data: Data, left_out: str = ""
) -> Iterator[Answer]:
    """Yield the shortest program of each workload; ``left_out`` ends the answer."""
    said, ahead, spoken = [], [], list[str]()
    for workload in words.WORKLOADS:
        mine = [row for row in rows if row.program.workload == workload]
        best = best_of_each(mine, lambda row: row.statements)
        if len(best) > 1:
            spoken += [row.program.language for row in best]
            least = best[0].statements
            first = [row.program.stack for row in best if row.statements == least]
            ahead.append((f"in {words.workload(workload).lower()}", first))
            each = (f"{data.cell(row.program)} {row.statements}" for row in best)
            said.append(f"{words.workload(workload).lower()} {', '.join(each)}")
    if said:
        found = f"{leaders(ahead, data)}{of_languages(spoken)}{left_out}"
        yield Answer(question, found, f"{text}{'; '.join(said)}.", "size")
