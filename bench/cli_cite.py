"""``cite``: a number in the form that a text needs, or a text's numbers held against it."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bench.cli_common import REPORTS
from bench.errors import UsageError

FORMS = ("text", "markdown", "latex", "bibtex", "json")


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="ID|FILE...")
@click.option("--format", "form", type=click.Choice(FORMS), default="text")
@click.option("--numbers", type=click.Path(path_type=Path), help="Another numbers.json.")
@click.option("--check", is_flag=True, help="Check the citations in FILEs instead.")
@click.option(
    "--expire", is_flag=True, help="With --check: fail where installed versions moved on."
)
def cite(
    names: tuple[str, ...], form: str, numbers: Path | None, check: bool, expire: bool
) -> None:
    """Print a number with its interval, case, machine, versions and run.

    An ID with stars lists the ids that fit: 'request_reply.latency.*zmq*'.

    With --check, find every citation in FILEs (a number with nomiddle:ID@RUN behind it) and
    fail where one is stale, unknown or from another run.
    """
    path = numbers or REPORTS / "numbers.json"
    if check:
        sys.exit(_check(names, path, expire))
    if len(names) > 1:
        raise UsageError(f"one ID at a time, or --check for files: {' '.join(names)}")
    from bench.report.citation import cite as sentence
    from bench.report.citation import fitting, warnings

    if "*" in names[0]:
        for found in fitting(names[0], path):
            click.echo(found)
        return
    click.echo(sentence(names[0], path, form))
    for warning in warnings(names[0], path):
        click.echo(f"nomiddle: {names[0]}: {warning}", err=True)


def _check(files: tuple[str, ...], numbers: Path, expire: bool) -> int:
    """Print what is wrong with the citations in files; return the exit status."""
    from bench.charts import words
    from bench.report.citation import load_numbers
    from bench.report.citation_check import check

    checked = check([Path(name) for name in files], load_numbers(numbers))
    for line in checked.wrong:
        click.echo(line, err=True)
    for line in checked.expired:
        click.echo(f"{line}{'' if expire else ' (a warning)'}", err=True)
    failed = bool(checked.wrong or (expire and checked.expired))
    for file in checked.without:
        click.echo(f"{file}: no citation in it (a warning)", err=True)
    click.echo(
        f"{words.plural(checked.citations, 'citation')} in "
        f"{words.plural(len(files), 'file')}: {len(checked.wrong)} wrong, "
        f"{len(checked.expired)} measured with other versions than are installed"
    )
    return 1 if failed else 0
