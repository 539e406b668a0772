"""``build``: compile the programs in C."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from bench.cli.common import all_cells, more_roots, show_what_is_not_built
from bench.contract.find import choose
from bench.run.progress import console


@click.command()
@click.argument("globs", nargs=-1, metavar="[PROGRAM]...")
@click.option("--sanitize", is_flag=True, help="Build for `check --sanitize`; never timed.")
@more_roots
def build(globs: tuple[str, ...], sanitize: bool, more: tuple[Path, ...]) -> None:
    """Build the programs in C.

    Programs that need a missing library are skipped, and the command prints what to
    install. `check` and `run` build what they need themselves.

    \b
    Examples:
      nomiddle build
      nomiddle build 'zmq/*' --sanitize
    """
    from bench.contract.slides import slides
    from bench.trial import build as programs

    cells = all_cells(more)
    done = current = 0
    chosen = [c for c in choose([*cells, *slides(cells)], globs) if c.language == "c"]
    show_what_is_not_built(chosen)
    for found in chosen:
        cell = replace(found, sanitized=sanitize)
        if programs.lacking(cell):
            continue
        if programs.build(cell):
            done += 1
        else:
            current += 1
    console.print(f"{done} built, {current} up to date")
