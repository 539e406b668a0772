"""How much of a program every stack's program says word for word.

Resilient programs recognise repeats, renew leases and keep what was not confirmed, whatever
lies below. Such statements belong to the application: they say nothing about a stack.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import reduce
from operator import and_

from bench.analysis.code_rows import Code, ProgramCode
from bench.contract.alike import MINIMAL
from bench.measure.code.programs import statements_of


def in_common(code: Code) -> dict[str, int]:
    """Return by cell how many statements the programs of all stacks have word for word.

    Compared are the programs of one workload, variant and language. A statement that a
    program has twice counts as often as it stands in the program that has it least. Cells
    whose variant another stack lacks are left out, and so is everything where there is one
    stack only.
    """
    groups: dict[tuple[str, str, str], dict[str, ProgramCode]] = {}
    stacks: dict[tuple[str, str], set[str]] = {}
    for row in code.programs:
        program = row.program
        key = program.workload, program.variant, program.language
        groups.setdefault(key, {})[program.stack] = row
        if program.variant == MINIMAL:
            task = program.workload, program.language
            stacks.setdefault(task, set()).add(program.stack)
    found: dict[str, int] = {}
    for (workload, _, language), rows in groups.items():
        every = stacks.get((workload, language), set())
        if len(every) > 1 and rows.keys() >= every:
            said = [_statements(code.texts, row) for row in rows.values()]
            same = reduce(and_, said).total()
            found |= {row.program.cell: same for row in rows.values()}
    return found


def _statements(texts: Mapping[str, str], row: ProgramCode) -> Counter[str]:
    return Counter(s for file in row.files for s in statements_of(file, texts[file]))
