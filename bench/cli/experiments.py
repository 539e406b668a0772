"""``experiments``: provoke each effect of which the talk speaks, beside a control."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from bench.cli.common import REPORTS, as_typed
from bench.run.progress import console, steps


@click.command()
@click.option("--only", "globs", multiple=True, help="Make only experiments that match.")
@click.option(
    "--profile",
    type=click.Choice(["standard", "full"]),
    default="standard",
    show_default=True,
    help="Which experiments: `full` adds those that take longer.",
)
@click.option(
    "--blocks",
    type=click.IntRange(min=1),
    default=6,
    show_default=True,
    help="Number of repetitions; fewer than 6 give no interval.",
)
@click.option("--again", is_flag=True, help="Also make again what was made before.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="File to write (default: in reports/)."
)
def experiments(
    globs: tuple[str, ...], profile: str, blocks: int, again: bool, out: Path | None
) -> None:
    """Provoke each effect that the talk names, beside a control.

    It writes the values of each block to reports/, where `report` reads them. Blocks that
    were made by the same program are kept: after an interrupt, only the rest is made.

    \b
    Examples:
      nomiddle experiments
      nomiddle experiments --only two_sends --again
    """
    from bench.run.lock import only_run
    from bench.run.preconditions import require_measurable
    from bench.surveys.experiments import kept
    from bench.surveys.experiments.all_experiments import choose
    from bench.surveys.experiments.make import forget, make
    from bench.trial.descendants import sweep_processes
    from bench.trial.scratch import sweep_folders

    chosen = choose(profile, globs)
    require_measurable()
    path = out or REPORTS / kept.FILE
    with only_run():
        sweep_folders()
        sweep_processes()
        if again:
            forget(chosen, path)
        with steps("experiments", len(chosen) * blocks) as shown:
            failed = make(chosen, path, blocks, shown.done)
    console.print(f"{len(chosen) - len(failed)} of {len(chosen)}: {as_typed(path)}")
    for reason in failed:
        console.print(f"FAILED {reason}", markup=False)
    sys.exit(1 if failed else 0)
