"""``build``: compile the programs in C."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import click

from bench.cli.common import all_cells, more_roots, show_what_is_not_built
from bench.cli.named import chosen
from bench.run.progress import console, steps


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
    in_c = [c for c in chosen([*cells, *slides(cells)], globs) if c.language == "c"]
    show_what_is_not_built(in_c)
    can = [replace(c, sanitized=sanitize) for c in in_c if not programs.lacking(c)]
    todo = [cell for cell in can if not programs.is_current(cell)]
    # Compilers are processes, and the threads wait for them.
    with steps("building", len(todo)) as shown, ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(programs.build, todo):
            shown.done()
    console.print(f"{len(todo)} built, {len(can) - len(todo)} up to date")
