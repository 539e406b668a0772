"""The distributions and packages that a cell needs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import metadata
from typing import Protocol

from bench.contract.model import Cell
from bench.trial.build import lacking, not_built

PLAIN = {"extra": ""}
"""The marker environment of an installation without extras."""


class Needing(Protocol):
    """A stack or a cell, with the distributions that it needs."""

    @property
    def requirements(self) -> tuple[str, ...]: ...


@cache
def version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(names: Iterable[str]) -> set[str]:
    """Return distributions with all their requirements here, by normalised name.

    Requirements of an extra, or of another system, are not installed and not counted.
    """
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = normalised(waiting.pop())
        if name not in found and (further := requirements_of(name)) is not None:
            found.add(name)
            waiting += further
    return found


def requirements_of(distribution: str) -> list[str] | None:
    """Return the distributions that a distribution requires here, None without it.

    Requirements of an extra, or of another system, are left out.
    """
    from packaging.requirements import Requirement  # `list` and `cite` need none

    try:
        wanted = map(Requirement, metadata.requires(distribution) or [])
    except metadata.PackageNotFoundError:
        return None
    return [w.name for w in wanted if not w.marker or w.marker.evaluate(PLAIN)]


def missing(needing: Needing) -> list[str]:
    """Return the distributions that a stack or a cell needs that are not installed."""
    return [name for name in needing.requirements if version(name) is None]


def needs(cell: Cell) -> str:
    """Return what a cell lacks and how to install it, or an empty string.

    A cell in C needs the distributions of its stack too: it is checked with Python.
    """
    if cell.language == "c" and (packages := lacking(cell)):
        return not_built(packages)
    if absent := missing(cell):
        return f"needs {', '.join(absent)}: pip install {' '.join(absent)}"
    return ""


def left_out(cells: Iterable[Cell]) -> Iterator[str]:
    """Yield a line for each kind of programs that are left out here, and how to add them.

    Programs in C share one line, those that need further Python packages another.
    """
    every = list({cell.id: cell for cell in cells}.values())
    in_c = {cell.id: lacking(cell) for cell in every if cell.language == "c"}
    in_c = {name: packages for name, packages in in_c.items() if packages}
    absent = {cell.id: missing(cell) for cell in every if cell.id not in in_c}
    absent = {name: packages for name, packages in absent.items() if packages}
    for found, what, how in (
        (in_c, " in C", "apt-get install"),
        (absent, "", "pip install"),
    ):
        if found:
            names = dict.fromkeys(name for packages in found.values() for name in packages)
            counted = f"{len(found)} program{'s' if len(found) > 1 else ''}{what}"
            yield f"left out {counted}. To include: {how} {' '.join(names)}"
