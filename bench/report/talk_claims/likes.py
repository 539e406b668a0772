"""Which numbers count for a claim, and which of them it may compare. A trial in which
nothing goes wrong is a control: it counts only where a claim names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from bench.contract.alike import CONCURRENT, exercised
from bench.contract.alike import alike as promise_alike
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.contract.rows import ProgramRow
from bench.faults.all_faults import controls


@cache
def _promises() -> dict[str, ProgramRow]:
    """Return what programs promise, without a case: neither sizes nor faults have one that
    streams at full speed, or several clients.
    """
    cells = find_cells([IMPLEMENTATIONS])
    return {cell.id: ProgramRow(promise=cell.promise_words) for cell in cells}


def alike(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Say whether two entries of numbers.json are of programs that promise the same.

    An entry that is of no program of this repository (a survey's, a stack's) is not kept
    from a comparison.
    """
    known = _promises()
    cells = [cell for entry in (first, second) for cell in entry.get("cells", ())]
    one, *others = [known[cell] for cell in cells if cell in known] or [ProgramRow()]
    return all(promise_alike(one, other) for other in others)


def promise(entry: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the program of an entry promises beside no case (``contract.alike``)."""
    return exercised(_promises().get(str(entry["cells"][0]), ProgramRow()))


def handles_several(cell: str) -> bool:
    """Say whether the server of a program handles several requests at a time."""
    return CONCURRENT in _promises().get(cell, ProgramRow()).promise


def counts(pattern: str, name: str) -> bool:
    """Say whether a number that matches a pattern counts: no control is a fault."""
    asked, found = (text.split(".")[2:3] for text in (pattern, name))
    return asked != ["*"] or not controls().intersection(found)
