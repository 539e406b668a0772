"""Changes that a program needs when its task changes, counted in the programs.

Between workloads, statements that differ, found by ``difflib`` in the normal forms, so
that layout and comments do not count. A statement that was replaced counts once; a file
that only one of two programs needs counts whole.

``check`` runs every program with one peer and with several, and over each transport that
its stack names. A file that passed both ways needs no change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import combinations

from bench.analysis.code_rows import Check, Code, ProgramCode
from bench.analysis.rows import grouped
from bench.contract.rows import ProgramRow
from bench.measure.code.programs import statements_of

TRANSPORTS = ("tcp", "ipc", "inproc")
WORKLOADS = ("request_reply", "fan_out", "pipeline")
NOT_OFFERED, NOT_PASSED, NOT_CHECKED = "not offered", "not passed", "not checked"


@dataclass(frozen=True, slots=True)
class WorkloadChange:
    """How many statements differ between a variant's programs for two workloads.

    ``program`` has no workload; ``before`` and ``after`` are the statements of each.
    """

    program: ProgramRow
    first: str
    second: str
    changed: int
    before: int
    after: int
    cells: tuple[str, str]


def changed(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many statements differ; of a replaced stretch, the longer side counts."""
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return sum(max(b - a, d - c) for tag, a, b, c, d in blocks if tag != "equal")


def between_workloads(code: Code) -> Iterator[WorkloadChange]:
    """Yield, for each variant with several workloads, what lies between two of them."""
    kept = {name: statements_of(name, text) for name, text in code.texts.items()}

    def variant_of(row: ProgramCode) -> ProgramRow:
        mine = row.program
        return ProgramRow(stack=mine.stack, variant=mine.variant, language=mine.language)

    for variant, rows in grouped(code.programs, variant_of).items():
        by_workload = {row.program.workload: row for row in rows}
        known = [name for name in WORKLOADS if name in by_workload]
        for first, second in combinations(known, 2):
            before, after = by_workload[first], by_workload[second]
            yield WorkloadChange(
                program=variant,
                first=first,
                second=second,
                changed=_between(before, after, kept),
                before=before.statements,
                after=after.statements,
                cells=(before.program.cell, after.program.cell),
            )


def _between(
    before: ProgramCode, after: ProgramCode, kept: Mapping[str, Sequence[str]]
) -> int:
    (own, *shared), (other, *others) = before.files, after.files
    alone = set(shared) ^ set(others)
    return changed(kept[own], kept[other]) + sum(len(kept[name]) for name in alone)


def between_peers(row: ProgramCode, checks: Iterable[Check]) -> int | str:
    """Return what serving several peers takes beside one: 0 where one file does both."""
    passed = _passed(row, checks)
    if not passed:
        return NOT_CHECKED
    return 0 if all(passed.values()) else NOT_PASSED


def between_transports(
    row: ProgramCode, checks: Iterable[Check], first: str, second: str
) -> int | str:
    """Return what another transport takes: 0, or why there is no such number."""
    if not {first, second} <= set(row.transports):
        return NOT_OFFERED
    passed = _passed(row, checks)
    if not {first, second} <= set(passed):
        return NOT_CHECKED
    return 0 if passed[first] and passed[second] else NOT_PASSED


def _passed(row: ProgramCode, checks: Iterable[Check]) -> dict[str, bool]:
    """Return whether a program passed, by the transports over which it was checked."""
    mine = (check for check in checks if check.cell == row.program.cell)
    return {check.transport: check.passed for check in mine}
