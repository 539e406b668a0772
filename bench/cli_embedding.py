"""``embedding``: twelve questions to each server that is embedded in a running program."""

from __future__ import annotations

from pathlib import Path

import click

from bench.cli_common import REPORTS, as_typed
from bench.progress import console, steps


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), help="Another file for the answers."
)
def embedding(out: Path | None) -> None:
    """Ask each embedded server the same twelve questions; takes about a minute.

    The answers go into reports/, for `report` to show. What cannot be run here says what
    to install.
    """
    from bench import surveys
    from bench.embedding.programs import find_embedded
    from bench.embedding.survey import survey
    from bench.embedding.tally import FILE
    from bench.processes import require_linux

    require_linux()
    programs = find_embedded()
    with steps("asking", len(programs)) as shown:
        found = survey(programs, shown.done)
    path = out or REPORTS / FILE
    surveys.write(path, found)
    answered = sum(bool(row["answers"]) for row in found["programs"])
    console.print(f"{answered} of {len(programs)} answered: {as_typed(path)}")
