"""``compare`` and ``run --against``: compare a run with another one, for people and CI."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli.common import as_typed
from bench.errors import UsageError

WORSE = 3
"""The exit status if something became worse: 1 is an error, 2 a mistyped command."""


def refuse_as_reference(there: Path) -> None:
    """Raise ResultsError if ``there`` is not a complete run."""
    from bench.run.archive import Archive
    from bench.run.finished import verify

    if not there.is_dir():
        raise UsageError(
            f"{there} is not a folder; name a run, such as one in reports/data/"
        )
    verify(there)
    Archive(there).about()


def show_changes(here: Path, there: Path) -> bool:
    """Print the changes and write them to the run's report; return if none is for worse."""
    from bench.analysis.side import read_side
    from bench.analysis.two_runs import TwoRuns
    from bench.report.pages.two_runs import CHANGES, changed_lines, write_json
    from bench.report.sections.two_runs import regressions

    two = TwoRuns(here=read_side(here), there=read_side(there))
    for line in changed_lines(two):
        click.echo(line)
    click.echo(f"changes: {as_typed(write_json(two, here / 'report' / CHANGES))}")
    return not regressions(two)


@click.command()
@click.argument("here", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("there", metavar="OTHER", type=click.Path(path_type=Path))
def compare(here: Path, there: Path) -> None:
    """Show what changed in RUN since OTHER, case by case.

    The exit status is 3 if RUN is worse than OTHER. On the same machine: a declared
    comparison has a slower case, and the difference exceeds that of unchanged programs. On
    another machine: a declared comparison is contradicted. On any machine: a program breaks
    under a fault that it survived before.

    \b
    Example:
      nomiddle compare reports/data/NEW reports/data/OLD
    """
    if here.resolve() == there.resolve():
        raise UsageError("RUN and OTHER are the same run; name two")
    if not show_changes(here, there):
        raise SystemExit(WORSE)
