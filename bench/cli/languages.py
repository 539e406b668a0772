"""``languages``: which languages have a working ZeroMQ binding, and which have HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli.common import REPORTS, as_typed


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write (default: reports/languages.json).",
)
def languages(out: Path | None) -> None:
    """Try ZeroMQ bindings and HTTP of many languages.

    Each installed language talks to Python. For the others the command prints what to
    install. It takes about half a minute and writes reports/languages.json, which `report`
    and `talk` read.

    \b
    Example:
      nomiddle languages
    """
    from bench.run.preconditions import require_measurable
    from bench.surveys.languages.survey import write
    from bench.surveys.languages.tally import FILE, counted

    require_measurable()
    path = out or REPORTS / FILE
    found = write(path)
    for count in counted(found):
        click.echo(count.sentence)
    click.echo(f"survey: {as_typed(path)}")
