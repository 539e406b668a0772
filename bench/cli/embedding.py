"""``embedding``: ask each server that is embedded in a running program twelve questions."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli.common import REPORTS, as_typed
from bench.run.progress import console, steps


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), help="File to write (default: in reports/)."
)
def embedding(out: Path | None) -> None:
    """Ask each embedded server the same twelve questions.

    It takes about a minute and writes the answers to reports/, where `report` reads them.
    If a server cannot run here, the answer names what to install.

    \b
    Example:
      nomiddle embedding
    """
    from bench.run.preconditions import require_measurable
    from bench.surveys import document
    from bench.surveys.embedding.programs import find_embedded
    from bench.surveys.embedding.survey import survey
    from bench.surveys.embedding.tally import FILE
    from bench.trial.scratch import sweep_folders

    require_measurable()
    sweep_folders()
    programs = find_embedded()
    with steps("asking", len(programs)) as shown:
        found = survey(programs, shown.done)
    path = out or REPORTS / FILE
    document.write(path, found)
    answered = sum(bool(row["answers"]) for row in found["programs"])
    console.print(f"{answered} of {len(programs)} answered: {as_typed(path)}")
