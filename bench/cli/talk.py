"""``talk``: the slides, made from reports/ and the programs."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli.common import REPORTS, as_typed


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder of the slides (default: build/talk/).",
)
@click.option(
    "--reports", type=click.Path(path_type=Path), help="Folder to read (default: reports/)."
)
@click.option("--pdf/--no-pdf", default=True, help="Print a PDF, if there is a browser.")
def talk(out: Path | None, reports: Path | None, pdf: bool) -> None:
    """Make the slides: one HTML file, and a PDF with the speaker's notes.

    \b
    Examples:
      nomiddle talk
      nomiddle talk --no-pdf
    """
    from bench.report.talk.deck import OUT, browser, build, print_pdf

    page = build(reports or REPORTS, out or OUT)
    click.echo(f"slides: {as_typed(page)} (S opens the speaker's notes)")
    if pdf and browser() is None:
        click.echo("no PDF: it needs a browser; apt-get install chromium")
    elif pdf:
        click.echo(f"to print: {as_typed(print_pdf(page))}")
