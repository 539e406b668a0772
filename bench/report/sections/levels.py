"""The price of a level in statements, and the cures for failures of minimal programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bench.analysis.levels import NOT_TESTED
from bench.analysis.recovery import measured
from bench.analysis.recovery_rows import LevelRow, Recovery
from bench.contract.alike import MINIMAL, loses
from bench.contract.rows import ProgramRow
from bench.measure.levels import CREDITED, L1
from bench.measure.recovery import KEPT
from bench.report import words
from bench.report.charts import outcomes
from bench.report.charts.outcomes import program_order, variant_order
from bench.report.model import Columns, Data, Table
from bench.report.sections.failures import trials

LEAD = (
    "Levels, as this run measured them. L0: the program works while nothing fails. L1: it "
    'survives a restart of its server by itself; "loses": the restart cost messages. L2: '
    "it survives every fault of a fixed list, and no message is lost, doubled or answered "
    "wrongly. Two exceptions: under a fault that outlasts the deadline, a request may be "
    "reported instead, and a killed process loses the messages that it had taken. A level "
    "is not tested if the run did not try every fault of its list: docs/failures.md has "
    "the lists. "
    '"Except": a fault that is on no list breaks the program.'
)


def table_order(program: ProgramRow) -> tuple[Any, ...]:
    """Sort key of cells: by workload, by variant, then by stack."""
    workload, variant = words.order(program.workload), variant_order(program.variant)
    return workload, variant, program_order(program)


def in_order(rows: Iterable[LevelRow]) -> list[LevelRow]:
    return sorted(rows, key=lambda row: table_order(row.program))


RESILIENT = "resilient"
MAY_LOSE, EXCEPT = "may lose", "except"
"""Words beside a level: a promise, and a fault on no list that breaks the program."""


def price(data: Data) -> Table:
    """Return the level of each program beside its size."""
    counted = data.statements
    found = in_order(data.levels)
    base = {
        _same_task(row.program): counted.get(row.program.cell)
        for row in found
        if row.program.variant == MINIMAL
    }

    def size(row: LevelRow) -> str:
        own = counted.get(row.program.cell)
        return f"{own:,}" if own else words.PASSED_OVER

    def more(row: LevelRow) -> str:
        own = counted.get(row.program.cell)
        least = base.get(_same_task(row.program))
        if not (own and least) or row.program.variant == MINIMAL:
            return words.PASSED_OVER
        return f"{own - least:+d}"

    columns: Columns[LevelRow] = {
        "workload": lambda row: words.workload(row.program.workload),
        "program": lambda row: data.cell(row.program),
        "level": spelled,
        "statements": size,
        "more than minimal": more,
        "faults": lambda row: str(row.faults),
        "trials": lambda row: str(row.trials),
        "next level blocked by": lambda row: row.amiss or words.PASSED_OVER,
    }
    return Table.of(found, columns, "Levels, and what they cost to write")


def _same_task(program: ProgramRow) -> tuple[str, str, str]:
    return program.workload, program.stack, program.language


def spelled(row: LevelRow) -> str:
    """Return a program's level: "L2, except link_refused", "L1, loses; L2 not tested"."""
    if not row.level:
        return NOT_TESTED
    open_end = f"; {row.not_tested} {NOT_TESTED}" if row.not_tested else ""
    return short(row) + open_end


def short(row: LevelRow) -> str:
    """Return a level that was tested, with what it cost and what is promised beside it.

    The first level allows that a restart costs messages; the text then has "loses".
    """
    loses = ", loses" if row.level == L1 and row.lost_at_restart else ""
    promise = f", {MAY_LOSE}" if may_lose(row.program) else ""
    return f"{row.level}{loses}{promise}{_but(row)}"


def _but(row: LevelRow) -> str:
    """Return ", except link_refused": what breaks a program beside its level's list."""
    return f", {EXCEPT} {', '.join(row.beside)}" if row.beside else ""


def held_back(row: LevelRow) -> str:
    """Return ", connection_flood: 1 reported lost": why a program misses its level.

    '' of a program that is at the level that its variant is there for.
    """
    wanted = CREDITED.get(row.program.variant)
    misses = wanted is not None and row.level and row.level < wanted and not is_open(row)
    return f", {row.amiss}" if misses else ""


def is_open(row: LevelRow) -> bool:
    """Whether the run did not test the level that a cell's variant is there for."""
    wanted = CREDITED.get(row.program.variant)
    return not row.level or (wanted is not None and row.not_tested == wanted)


def may_lose(program: ProgramRow) -> bool:
    """Whether a cell promises less than those beside it: a fan-out that drops messages.

    A resilient program reports the messages that a subscriber lacks: no loss is silent.
    """
    return loses(program) and program.variant != RESILIENT


def cited(row: LevelRow, stacks: Mapping[str, Any]) -> str:
    """Return the sentence of a cell's level."""
    program, amiss = row.program, f"; {row.amiss}" if row.amiss else ""
    if row.level == L1 and row.lost_at_restart:
        amiss = f"; a restart cost up to {row.lost_at_restart:,} messages{amiss}"
    promise = f", {MAY_LOSE}," if may_lose(program) else ""
    return (
        f"{words.cell(program, stacks)} {words.workload(program.workload).lower()}"
        f"{promise} is at level {row.level} of 2{_but(row)}, by "
        f"{words.plural(row.trials, 'trial')} of {words.plural(row.faults, 'fault')}{amiss}"
    )


def cures(data: Data) -> Table:
    """Return the failures of minimal programs, each beside the resilient program."""
    shown = measured(data.recoveries)
    counted = data.statements
    resilient = {
        (_same_task(row.case), row.fault.name): row
        for row in shown
        if row.case.variant == RESILIENT
    }
    failed = [r for r in shown if r.case.variant == MINIMAL and r.verdict != KEPT]
    failed.sort(key=lambda row: words.order(row.case.workload))

    def cure(row: Recovery) -> Recovery | None:
        return resilient.get((_same_task(row.case), row.fault.name))

    columns: Columns[Recovery] = {
        "workload": lambda row: words.workload(row.case.workload),
        "fault": lambda row: f"{row.fault.number} {row.fault.title}",
        "minimal program": lambda row: data.cell(row.case),
        "what happened": _outcome,
        "the application": lambda row: outcomes.TOLD[row.told],
        "resilient program": lambda row: (
            data.cell(found.case) if (found := cure(row)) else "not measured"
        ),
        "what becomes of it there": lambda row: (
            _cured(found) if (found := cure(row)) else words.PASSED_OVER
        ),
        "statements": lambda row: _price(row, cure(row), counted),
    }
    return Table.of(failed, columns, "Where minimal fails, and what cures it")


def _outcome(row: Recovery) -> str:
    return f"{row.verdict}: {outcomes.counted(row.breaches)} ({trials(row)})"


def _cured(cure: Recovery) -> str:
    if cure.verdict == KEPT:
        return f"cured: {outcomes.kept(cure)}, {outcomes.way(cure)}"
    return _outcome(cure)


def _price(row: Recovery, cure: Recovery | None, counted: Mapping[str, int]) -> str:
    """Return "18 to 96 (+78)"."""
    less = counted.get(row.case.cell)
    more = counted.get(cure.case.cell) if cure else None
    if less is None or more is None:
        return words.PASSED_OVER
    return f"{less} to {more} ({more - less:+d})"
