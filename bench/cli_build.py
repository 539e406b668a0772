"""``build``: the programs of the cells in C."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from bench.cli_common import all_cells, more_roots
from bench.find import choose
from bench.progress import console


@click.command()
@click.argument("globs", nargs=-1, metavar="[CELL]...")
@click.option(
    "--sanitize", is_flag=True, help="To find faults of memory in; these are never timed."
)
@more_roots
def build(globs: tuple[str, ...], sanitize: bool, more: tuple[Path, ...]) -> None:
    """Build the cells in C, and what is shown of them.

    Those for which something is missing are left out, with what to install. `check` and
    `run` build what they need themselves.
    """
    from bench import build as programs
    from bench.slides import slides

    cells = all_cells(more)
    done = current = 0
    for found in choose([*cells, *slides(cells)], globs):
        cell = replace(found, sanitized=sanitize)
        if cell.language != "c":
            continue
        if packages := programs.lacking(cell):
            console.print(f"{cell.id} {programs.not_built(packages)}", soft_wrap=True)
        elif programs.build(cell):
            done += 1
        else:
            current += 1
    console.print(f"{done} built, {current} up to date")
