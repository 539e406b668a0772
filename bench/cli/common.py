"""Shared by the commands: the folders of runs and reports, and all programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from bench.contract.find import find_cells
from bench.contract.model import FLOOR, IMPLEMENTATIONS, PROJECT, Cell
from bench.run.progress import console

REPORTS = PROJECT / "reports"
DATA = REPORTS / "data"
REPRODUCTIONS = PROJECT / "reproductions"

more_roots = click.option(
    "--implementations",
    "more",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Another folder of stacks, in addition to the project's own.",
)

recheck_option = click.option(
    "--recheck",
    is_flag=True,
    help="Check programs again that have not changed since they passed.",
)


def all_cells(more: Sequence[Path]) -> list[Cell]:
    """Return every program of the project, of the harness floor, and of other folders."""
    return find_cells([IMPLEMENTATIONS, FLOOR, *more])


def show_what_is_not_built(cells: Iterable[Cell]) -> None:
    """Print how many programs in C cannot be built here, and what to install."""
    from bench.trial.requirements import left_out

    for line in left_out(cell for cell in cells if cell.language == "c"):
        console.print(line, soft_wrap=True)


def as_typed(path: Path) -> str:
    """Return a path as a user would type it in the current folder."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
