"""Programs to be shown: minimal cells in C without their error checking.

They tell what the language costs from what the checking does. They keep the contract while
nothing goes wrong, and are built and counted, but never timed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bench.contract import LANGUAGES, SLIDE, Cell
from bench.workloads import WORKLOADS

SHOWN = "minimal"
"""The variant whose programs these are: its transports and its promise are theirs."""


def slides(cells: Sequence[Cell]) -> list[Cell]:
    """Return the programs to be shown of the stacks of some cells."""
    stacks = {cell.stack.name: cell.stack for cell in cells}
    return [
        Cell(stack, replace(stack.variants[SHOWN], name=SLIDE), WORKLOADS[path.stem], path)
        for stack in stacks.values()
        for path in sorted((stack.folder / SLIDE).glob("*"))
        if path.suffix in LANGUAGES and path.stem in WORKLOADS
    ]
