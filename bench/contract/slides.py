"""Programs for slides: minimal cells in C without their error checking.

They separate the cost of the language from the cost of checking. They keep the contract as
long as nothing fails. They are built and counted, and never timed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.contract.all_workloads import WORKLOADS
from bench.contract.model import LANGUAGES, SLIDE, Cell

SHOWN = "minimal"
"""The variant of these programs: they have its transports and its promises."""


def slides(cells: Sequence[Cell]) -> list[Cell]:
    """Return the programs for slides, of the stacks of these cells."""
    stacks = {cell.stack.name: cell.stack for cell in cells}
    return [
        Cell(stack, replace(stack.variants[SHOWN], name=SLIDE), WORKLOADS[path.stem], path)
        for stack in stacks.values()
        for path in sorted((stack.folder / SLIDE).glob("*"))
        if path.suffix in LANGUAGES and path.stem in WORKLOADS
    ]
