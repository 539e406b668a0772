"""``compare`` and ``run --against``: a run held against another one, for people and CI."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli_common import as_typed
from bench.errors import UsageError

WORSE = 3
"""The exit status where something became worse: 1 is an error, 2 a mistyped command."""


def refuse_as_reference(there: Path) -> None:
    """Raise before anything is measured where ``there`` is no whole run to hold it to."""
    from bench.archive import Archive, verify

    if not there.is_dir():
        raise UsageError(f"{there} is not a folder: name a run, as in reports/data/")
    verify(there)
    Archive(there).about()


def against(here: Path, there: Path) -> bool:
    """Print what changed, keep it beside the run; return whether nothing became worse."""
    from bench.report.changes import Changes, lines, write
    from bench.results import load

    made = Changes.of(load(here), load(there))
    for line in lines(made):
        click.echo(line)
    click.echo(f"changes: {as_typed(write(made, here / 'report'))}")
    return not made.regressions


@click.command()
@click.argument("here", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("there", metavar="OTHER", type=click.Path(path_type=Path))
def compare(here: Path, there: Path) -> None:
    """Say what changed in RUN since OTHER, case by case, without measuring.

    The status is 3 where something became worse: on one machine a case that a claim rests
    on is slower, beyond what unchanged programs show the machine to have moved; on
    another, a claim is contradicted; on any, a program breaks under a fault that it stood.
    """
    if here.resolve() == there.resolve():
        raise UsageError("name two runs: nothing has changed since itself")
    if not against(here, there):
        raise SystemExit(WORSE)
