"""``cite``: print a number for a text, or check the numbers in a text."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bench.cli.common import REPORTS
from bench.errors import UsageError
from bench.report.numbers.formats import FORMS


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="ID|FILE...")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMS),
    default="text",
    show_default=True,
    help="How to print the number.",
)
@click.option(
    "--numbers",
    type=click.Path(path_type=Path),
    help="Read this file (default: reports/numbers.json).",
)
@click.option("--check", is_flag=True, help="Check the citations in FILEs instead.")
@click.option(
    "--expire",
    is_flag=True,
    help="With --check: fail if other versions are installed than were measured.",
)
@click.option(
    "--strict",
    is_flag=True,
    help="With --check: fail at a number with a unit and without a mark.",
)
def cite(
    names: tuple[str, ...],
    form: str,
    numbers: Path | None,
    check: bool,
    expire: bool,
    strict: bool,
) -> None:
    """Print a number with its interval, case, machine, versions and run.

    An ID may be given by its short name, which is printed too. An ID with stars lists the
    matching ids. With --check, the command finds every citation in FILEs (a number with
    nomiddle:ID@RUN behind it). It fails if a citation is stale, unknown or from another
    run. With --strict it fails too if a number with a unit has no mark, unless the text
    lists it as given: nomiddle:given 3 s; 95 %.

    \b
    Examples:
      nomiddle cite 'request_reply.latency.*zmq*'
      nomiddle cite ID --format latex
      nomiddle cite --check slides.md
    """
    path = numbers or REPORTS / "numbers.json"
    if check:
        sys.exit(_check(names, path, expire, strict))
    if len(names) > 1:
        raise UsageError(f"name one ID, or use --check for files: {' '.join(names)}")
    from bench.report.numbers.citation import cite as sentence
    from bench.report.numbers.citation import fitting, warnings

    if "*" in names[0]:
        for found in fitting(names[0], path):
            click.echo(found)
        return
    click.echo(sentence(names[0], path, form))
    for warning in warnings(names[0], path):
        click.echo(f"nomiddle: {names[0]}: {warning}", err=True)


def _check(files: tuple[str, ...], numbers: Path, expire: bool, strict: bool) -> int:
    """Print every wrong citation in the files; return the exit status."""
    from bench.report import words
    from bench.report.numbers.citation import load_numbers
    from bench.report.numbers.citation_check import check

    checked = check(map(Path, files), load_numbers(numbers), strict=strict)
    for line in checked.wrong:
        click.echo(line, err=True)
    for line in checked.expired:
        click.echo(f"{line}{'' if expire else ' (a warning)'}", err=True)
    failed = bool(checked.wrong or (expire and checked.expired))
    for file in checked.without:
        click.echo(f"{file}: has no citation (a warning)", err=True)
    click.echo(
        f"{words.plural(checked.citations, 'citation')} in "
        f"{words.plural(len(files), 'file')}: {len(checked.wrong)} wrong, "
        f"{len(checked.expired)} measured with other versions than are installed"
    )
    return 1 if failed else 0
