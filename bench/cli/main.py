"""The command line. Each command is a few lines that call other modules for the work."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click

from bench import __version__
from bench.cli.build import build
from bench.cli.check import check
from bench.cli.cite import cite
from bench.cli.common import all_cells, more_roots, show_what_is_not_built
from bench.cli.compare import compare
from bench.cli.demo import demo
from bench.cli.embedding import embedding
from bench.cli.experiments import experiments
from bench.cli.hosts import hosts
from bench.cli.languages import languages
from bench.cli.operating_curve import operating_curve
from bench.cli.report import report
from bench.cli.reproduce import reproduce
from bench.cli.run import run
from bench.cli.size import size
from bench.cli.talk import talk
from bench.cli.topologies import topologies
from bench.contract.model import LOOPS, Cell
from bench.errors import NoMiddleError, UsageError, near
from bench.run.interrupts import stop_as_by_interrupt
from bench.run.progress import console

GROUPS = {
    "Measure": ("run", "reproduce", "check", "selftest", "doctor", "hosts"),
    "Read and cite": ("report", "compare", "cite", "talk", "demo"),
    "Programs": ("list", "build", "size"),
    "Surveys": ("embedding", "languages", "experiments", "topologies", "operating-curve"),
}
"""The commands as the help shows them."""


class Commands(click.Group):
    """Groups the commands in the help; prints errors without a traceback, with status 1."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by group, each with its whole first sentence."""
        for title, names in GROUPS.items():
            found = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl(
                    [(name, c.get_short_help_str(1000)) for name, c in found if c]
                )

    def main(self, *args: Any, **kwargs: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # a terminal may lack some letters
                stream.reconfigure(errors="replace")
        # Charts go to files: a backend that shows windows may not even be installed.
        os.environ.pop("MPLBACKEND", None)
        if sys.flags.optimize:
            click.echo(
                "nomiddle: Python runs without assertions and docstrings, which the checks "
                "and the help need; unset PYTHONOPTIMIZE, or leave out -O",
                err=True,
            )
            sys.exit(1)
        stop_as_by_interrupt()
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
    """Measure the same workloads on BSD sockets, HTTP and ZeroMQ.

    \b
    Examples:
      nomiddle list                      which programs there are
      nomiddle run --profile quick       a first look
      nomiddle cite 'request_reply.*'    which numbers there are
      nomiddle COMMAND --help            options and examples of a command
    """


@main.command("list")
@more_roots
def list_cells(more: tuple[Path, ...]) -> None:
    """List every program, and what is not installed.

    \b
    Examples:
      nomiddle list
      nomiddle list --implementations mystacks
    """
    from rich.table import Table

    from bench.contract.all_workloads import WORKLOADS
    from bench.trial.requirements import missing, version

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
        lacks = ", ".join(missing(members[0]))
        requirements = ", ".join(members[0].requirements) or "nothing"
        transports = " ".join(members[0].variant.transports)
        table.add_row(
            stack,
            variant,
            *marks,
            transports,
            f"missing: {lacks}" if lacks else requirements,
        )
    console.print(table)
    for loop in LOOPS:
        here = version(loop) or f"missing: pip install {loop}"
        console.print(f"event loop {loop}, for programs on asyncio: {here}")
    show_what_is_not_built(cells)


def _mark(cells: list[Cell]) -> str:
    """Return the languages of a workload's programs, each with its promises."""
    said: dict[str, list[str]] = {}
    for cell in reversed(cells):
        said.setdefault(cell.promise_words, []).append(cell.language)
    return (
        " ".join(
            f"{' '.join(languages)} ({promise})" if promise else " ".join(languages)
            for promise, languages in said.items()
        )
        or "-"
    )


@main.command()
def doctor() -> None:
    """List what would make this machine better to measure on.

    \b
    Example:
      nomiddle doctor
    """
    from bench.cli.doctor import findings, installed
    from bench.trial.kept_checks import checks_folder

    found = findings()
    for finding in found:
        console.print(f"{finding.what}\n  -> {finding.remedy}", markup=False)
    if not found:
        console.print("nothing to improve")
    console.print(f"versions: {installed()}", markup=False)
    console.print(f"passed checks are kept in {checks_folder()}", markup=False)


@main.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--blocks",
    type=click.IntRange(min=6),
    default=20,
    show_default=True,
    help="Number of repetitions.",
)
@click.option("--seed", type=int, help="Use the order of trials of another selftest.")
def selftest(names: tuple[str, ...], blocks: int, seed: int | None) -> None:
    """Test the harness with known delays, losses and differences.

    Without a NAME it runs all selftests except those that take many minutes or need a
    compiler. An unknown NAME prints the list.

    \b
    Examples:
      nomiddle selftest
      nomiddle selftest stall losses
    """
    from bench.run.lock import only_run
    from bench.selftest import suite as tests

    known = (*tests.NAMES, *tests.LONG)
    for name in names:
        if name not in known:
            raise UsageError(
                f"no selftest {name!r}; choose from {', '.join(known)}{near(name, known)}"
            )
    with only_run():
        passed = tests.run(names or tests.NAMES, blocks, seed)
    sys.exit(0 if passed else 1)


for command in (
    build,
    check,
    run,
    report,
    reproduce,
    cite,
    talk,
    compare,
    size,
    embedding,
    languages,
    experiments,
    topologies,
    operating_curve,
    demo,
    hosts,
):
    main.add_command(command)
