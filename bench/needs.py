"""What is to be installed before a cell can be run."""

from __future__ import annotations

from bench.build import lacking, not_built
from bench.contract import Cell
from bench.machine import missing


def needs(cell: Cell) -> str:
    """Return what a cell lacks and how to install it; '' where it lacks nothing.

    A cell in C needs the distributions of its stack too: it is checked against Python.
    """
    if cell.language == "c" and (packages := lacking(cell)):
        return not_built(packages)
    if absent := missing(cell.stack):
        return f"needs {', '.join(absent)}: pip install {' '.join(absent)}"
    return ""
