"""What the commands share: where runs and reports are, the cells, a further root."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from bench.contract import FLOOR, IMPLEMENTATIONS, PROJECT, Cell
from bench.find import find_cells
from bench.progress import console

REPORTS = PROJECT / "reports"
DATA = REPORTS / "data"
REPRODUCTIONS = PROJECT / "reproductions"

more_roots = click.option(
    "--implementations",
    "more",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A further folder of stacks, beside the project's own.",
)


def all_cells(more: Sequence[Path]) -> list[Cell]:
    """Return every cell of the project, its floor's, and those of further roots."""
    return find_cells([IMPLEMENTATIONS, FLOOR, *more])


def show_what_is_not_built(cells: Iterable[Cell]) -> None:
    """Print what to install for those stacks whose cells in C cannot be built here."""
    from bench.build import lacking, not_built

    for stack, cell in {c.stack.name: c for c in cells if c.language == "c"}.items():
        if packages := lacking(cell):
            console.print(f"{stack} in C {not_built(packages)}", soft_wrap=True)


def as_typed(path: Path) -> str:
    """Return a path as a user would type it from here."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
