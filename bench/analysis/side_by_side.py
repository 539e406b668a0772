"""Which programs stand beside each other: one of each stack, of one choice and promise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.analysis.code_rows import ProgramCode
from bench.analysis.rows import grouped
from bench.contract.alike import alike, loses, stack_order
from bench.contract.rows import ProgramRow

SHORTEST, MINIMAL, IN_C, SURVIVING = "shortest", "minimal", "in C", "surviving"
CHOICES = (SHORTEST, MINIMAL, IN_C, SURVIVING)
VARIANTS = {
    SHORTEST: ("lossless", "minimal"),
    MINIMAL: ("lossless", "minimal"),
    IN_C: ("lossless", "minimal"),
    SURVIVING: ("resilient",),
}
"""The first that a stack has and that keeps all messages, else the last."""
LANGUAGES = {SHORTEST: "python", MINIMAL: "python", IN_C: "c", SURVIVING: "python"}


def beside(
    programs: Iterable[ProgramCode], workload: str, choice: str
) -> list[ProgramCode]:
    """Return a program of each stack, in order.

    For fan-out the program that loses nothing stands for its stack, as in declared
    comparisons: a program that may lose messages is shorter by what it does not do.
    ``SHORTEST`` is the shortest of a stack's programs with the same promise.
    """
    wanted = workload, LANGUAGES[choice]
    mine = (r for r in programs if (r.program.workload, r.program.language) == wanted)
    found = grouped(mine, lambda row: row.program.stack)
    order = sorted(found, key=lambda name: (-stack_order(name)[0], name))
    chosen = (_stands_for(found[stack], choice) for stack in order)
    return [row for row in chosen if row is not None]


def _stands_for(rows: Sequence[ProgramCode], choice: str) -> ProgramCode | None:
    usual = [row for row in rows if row.program.variant in VARIANTS[choice]]
    if not usual:
        return None
    head = min(usual, key=lambda row: _rank(row.program, choice))
    if choice != SHORTEST:
        return head
    likes = (row for row in rows if alike(row.program, head.program))
    return min(likes, key=lambda row: (row.statements, row is not head))


def _rank(program: ProgramRow, choice: str) -> tuple[bool, int]:
    return loses(program), VARIANTS[choice].index(program.variant)
