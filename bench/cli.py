"""The command line. Each command is a few lines: the work is done elsewhere."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from bench import (
    __version__,
    cli_build,
    cli_cite,
    cli_compare,
    cli_embedding,
    cli_languages,
    cli_levels,
    cli_run,
    cli_size,
    cli_talk,
)
from bench.cli_common import all_cells, more_roots, show_what_is_not_built
from bench.contract import Cell
from bench.errors import NoMiddleError, UsageError
from bench.find import choose
from bench.progress import console, steps
from bench.suggest import near


class Commands(click.Group):
    """Prints what a user can act on without a traceback, and ends with status 1."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except NoMiddleError as error:
            click.echo(f"nomiddle: {error}", err=True)
            sys.exit(1)
        except OSError as error:
            where = f" {error.filename}" if error.filename else ""
            click.echo(f"nomiddle: {error.strerror or error}{where}", err=True)
            sys.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """BSD sockets, HTTP and ZeroMQ on the same workloads, measured alike."""


@main.command("list")
@more_roots
def list_cells(more: tuple[Path, ...]) -> None:
    """Show every cell, and what is not implemented."""
    from bench.machine import missing
    from bench.workloads import WORKLOADS

    cells = all_cells(more)
    table = Table(box=None, pad_edge=False)
    for column in ("stack", "variant", *WORKLOADS, "transports", "needs"):
        table.add_column(column)
    rows: dict[tuple[str, str], dict[str, list[Cell]]] = {}
    for cell in cells:
        row = rows.setdefault((cell.stack.name, cell.variant.name), {})
        row.setdefault(cell.workload.name, []).append(cell)
    for (stack, variant), found in rows.items():
        members = [cell for cells in found.values() for cell in cells]
        marks = [_mark(found.get(name, [])) for name in WORKLOADS]
        lacks = ", ".join(missing(members[0].stack))
        requirements = ", ".join(members[0].stack.requirements) or "nothing"
        transports = " ".join(members[0].variant.transports)
        table.add_row(
            stack,
            variant,
            *marks,
            transports,
            f"missing: {lacks}" if lacks else requirements,
        )
    console.print(table)
    show_what_is_not_built(cells)


def _mark(cells: list[Cell]) -> str:
    """Return the languages of a workload's cells, and the promise where it has two."""
    modes = {cell.variant.fan_out for cell in cells if cell.workload.name == "fan_out"}
    mode = f" ({', '.join(map(str, modes))})" if modes else ""
    return (" ".join(cell.language for cell in reversed(cells)) or "-") + mode


@main.command()
@click.argument("globs", nargs=-1, metavar="[CELL]...")
@click.option("--transport", help="Only this transport; every one of a cell's without it.")
@click.option(
    "--sanitize", is_flag=True, help="Cells in C only, built to find faults of memory."
)
@click.option(
    "--levels", is_flag=True, help="Show which failures they survive instead: L0, L1, L2."
)
@more_roots
def check(
    globs: tuple[str, ...],
    transport: str | None,
    sanitize: bool,
    levels: bool,
    more: tuple[Path, ...],
) -> None:
    """Check that cells keep their workload's contract, before anything is timed."""
    from bench.check import CheckResult, check_all
    from bench.processes import require_linux

    require_linux()
    if levels:
        if sanitize or transport:
            raise UsageError("--levels goes with neither --sanitize nor --transport")
        sys.exit(cli_levels.show(choose(all_cells(more), globs)))
    cells = choose(all_cells(more), globs)
    if sanitize:
        cells = [replace(cell, sanitized=True) for cell in cells if cell.language == "c"]
    wanted = [
        (cell, name)
        for cell in cells
        for name in cell.transports
        if transport in (None, name)
    ]
    if not wanted:
        kind = "is in C" if sanitize else f"has the transport {transport!r}"
        raise UsageError(f"none of these cells {kind}")
    # Kept when something fails: the reasons name files in it.
    logs = Path(tempfile.mkdtemp(prefix="nomiddle-check-"))
    with steps("checking", len(wanted)) as shown:

        def done(result: CheckResult) -> None:
            lost = (
                f" ({result.losses} lost in the blast)"
                if result.passed and result.losses
                else ""
            )
            verdict = "ok" if result.passed else "SKIPPED" if result.skipped else "FAILED"
            shown.done(
                f"{verdict:7} {result.cell} {result.transport}{lost} {result.reason}"
            )

        results = check_all(wanted, logs, done)
    failed = [result for result in results if not (result.passed or result.skipped)]
    passed = sum(result.passed for result in results)
    skipped = len(results) - passed - len(failed)
    more_words = f", {skipped} skipped" if skipped else ""
    console.print(f"{passed} passed, {len(failed)} failed{more_words}")
    if not failed:
        shutil.rmtree(logs, ignore_errors=True)
    sys.exit(1 if failed else 0)


@main.command()
def doctor() -> None:
    """Say what would make this machine a better one to measure on."""
    from bench.doctor import findings, installed

    found = findings()
    for finding in found:
        console.print(f"{finding.what}\n  -> {finding.remedy}", markup=False)
    if not found:
        console.print("nothing to improve")
    console.print(f"versions: {installed()}", markup=False)


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--blocks", type=click.IntRange(min=6), default=20, show_default=True)
@click.option("--seed", type=int, help="Repeat the order of another selftest.")
def selftest(names: tuple[str, ...], blocks: int, seed: int | None) -> None:
    """Measure the harness itself against known answers.

    Without a NAME all of them but twenty_runs, which takes many minutes. An unknown NAME
    is answered with those that exist.
    """
    from bench import selftest as tests
    from bench.lock import only_run

    known = (*tests.NAMES, *tests.LONG)
    for name in names:
        if name not in known:
            raise UsageError(
                f"no selftest {name!r}: choose {', '.join(known)}{near(name, known)}"
            )
    with only_run():
        passed = tests.run(names or tests.NAMES, blocks, seed)
    sys.exit(0 if passed else 1)


for command in (
    cli_build.build,
    cli_run.run,
    cli_run.report,
    cli_run.reproduce,
    cli_cite.cite,
    cli_talk.talk,
    cli_compare.compare,
    cli_size.size,
    cli_embedding.embedding,
    cli_languages.languages,
):
    main.add_command(command)
