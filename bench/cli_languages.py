"""``languages``: in which of them programs talk over ZeroMQ, and which bring HTTP."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli_common import REPORTS, as_typed


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Another file for it.")
def languages(out: Path | None) -> None:
    """Survey languages: a binding of ZeroMQ that works, HTTP in the standard library.

    Tries what is installed, against Python; says of the rest what to install. Takes about
    half a minute. Writes reports/languages.json, which `report` and `talk` read.
    """
    from bench.languages.survey import write
    from bench.languages.tally import FILE, counted
    from bench.processes import require_linux

    require_linux()
    path = out or REPORTS / FILE
    found = write(path)
    for count in counted(found):
        click.echo(count.sentence)
    click.echo(f"survey: {as_typed(path)}")
