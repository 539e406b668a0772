"""The questions about code: which program is shortest, with and without guarantees."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from bench.analysis.recovery import measured
from bench.analysis.recovery_rows import LevelRow
from bench.analysis.rows import grouped, of_most_alike
from bench.contract.alike import headline_cells, stack_order
from bench.contract.rows import ProgramRow
from bench.measure.recovery import BROKEN, KEPT
from bench.report import words
from bench.report.charts import outcomes
from bench.report.charts.bars import sizes
from bench.report.charts.findings import best_of_each, listed
from bench.report.model import Answer, Data
from bench.report.sections import levels
from bench.report.sections.leading import Led, leaders, of_languages

GUARANTEED, RESILIENT, NOT_TESTED = "L2", "resilient", "Not tested"


def shortest_guaranteed(data: Data) -> Iterator[Answer]:
    counted = data.statements
    known = [row for row in data.levels if row.program.cell in counted]
    question = "Which is shortest at equal guarantees?"
    topic = "Shortest at equal guarantees"
    text = (
        f"Statements of the shortest program at level {GUARANTEED}, which survives every "
        "fault of a fixed list, and neither loses, doubles nor wrongly answers a message: "
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
    if left_open:
        names = [name.lower() for key, name in words.WORKLOADS.items() if key in left_open]
        untried = (
            f"This run did not try every fault of level {GUARANTEED} in {listed(names)}."
        )
        if not rows:
            found = f"{NOT_TESTED}."
            yield Answer(question, found, untried, "size", topic=topic, short=NOT_TESTED)
        text = f"{untried} {text}"
    short = [
        f"{data.cell(row.program)} in "
        f"{words.workload(row.program.workload).lower()}, at {row.level} ({row.amiss})"
        for row in resilient
        if levels.held_back(row) and row.program.workload not in left_open
    ]
    left_out = f"; left out: {'; '.join(short)}" if short else ""
    but = "".join(f". But {one}" for one in _broken_beside(safe, data))
    yield from _shortest(rows, (question, topic), text, data, (but, left_out))


def _broken_beside(safe: Sequence[LevelRow], data: Data) -> Iterator[str]:
    """Yield which of some programs break under a fault that their level does not ask for.

    "ZeroMQ (resilient) crashes under one more fault, new connections refused by ICMP for
    0.5 s; the others survive that".
    """
    cells = {row.program.cell for row in safe}
    faults = dict.fromkeys(fault for row in safe for fault in row.beside)
    for fault in faults:
        met = [
            row
            for row in measured(data.recoveries)
            if row.fault.name == fault and row.case.cell in cells
        ]
        broken = [row for row in met if row.verdict == BROKEN]
        names = {data.cell(row.case): outcomes.does(row) for row in broken}
        whole = [row for row in met if row.verdict == KEPT]
        whole.sort(key=lambda row: stack_order(row.case.stack))
        others = list(dict.fromkeys(data.cell(row.case) for row in whole))
        said = listed(f"{name} {does}" for name, does in names.items())
        whom = "the others" if len(others) > 1 and len(met) == len(broken + whole) else ""
        does = "survives" if len(others) == 1 else "survive"
        end = f"; {whom or listed(others)} {does} that" if others else ""
        title = outcomes.short_title(met[0].fault.title)
        yield f"{said} under one more fault, {title}{end}"


def standing_sizes(data: Data) -> list[Counted]:
    """Return the size of the program that stands for each stack, in every workload.

    A program that may lose messages stands for no stack whose like has one that loses none.
    """
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
    return heads


def shortest_happy_path(data: Data) -> Iterator[Answer]:
    text = "Statements of the program that stands for its stack, library defaults: "
    asked = "Which is shortest while nothing fails?", "Shortest while nothing fails"
    yield from _shortest(standing_sizes(data), asked, text, data)


class Counted(NamedTuple):
    """A program and how many statements it has."""

    program: ProgramRow
    statements: int


def _shortest(
    rows: Sequence[Counted],
    asked: tuple[str, str],
    text: str,
    data: Data,
    ends: tuple[str, str] = ("", ""),
) -> Iterator[Answer]:
    """Yield the shortest program of each workload.

    ``asked`` are the question and its topic. Both ``ends`` follow the answer, and only the
    first of them its short form.
    """
    said, ahead, spoken = [], [], list[str]()
    for workload in words.WORKLOADS:
        mine = [row for row in rows if row.program.workload == workload]
        best = best_of_each(mine, lambda row: row.statements)
        if len(best) > 1:
            spoken += [row.program.language for row in best]
            least = best[0].statements
            first = [row.program.stack for row in best if row.statements == least]
            place = f"in {words.workload(workload).lower()}"
            ahead.append(Led(place, first, len(best)))
            each = (f"{data.cell(row.program)} {row.statements}" for row in best)
            said.append(f"{words.workload(workload).lower()} {', '.join(each)}")
    if said:
        (question, topic), (first_end, last_end) = asked, ends
        short = f"{leaders(ahead, data)}{of_languages(spoken)}{first_end}"
        yield Answer(
            question,
            f"{short}{last_end}",
            f"{text}{'; '.join(said)}.",
            "size",
            topic=topic,
            short=short,
        )
