"""``topologies``: run the talk's pictures, and strike each of their boxes in turn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from bench.cli.common import REPORTS, as_typed
from bench.run.progress import console, steps


@click.command()
@click.option(
    "--only",
    "globs",
    multiple=True,
    metavar="GLOB",
    help="Run only programs that match (zmq/*).",
)
@click.option(
    "--situation",
    "situations",
    multiple=True,
    metavar="GLOB",
    help="Run only situations that match (calm, chaos, 'box_killed*').",
)
@click.option(
    "--profile",
    "profile_name",
    type=click.Choice(["quick", "standard", "full"]),
    default="standard",
    show_default=True,
    help="quick (a first look), standard (to cite), or full (also times of several "
    "servers).",
)
@click.option(
    "--trials",
    type=click.IntRange(1),
    help="Trials of each program in each situation (default: the profile's).",
)
@click.option("--again", is_flag=True, help="Repeat trials that the file already has.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write (default: reports/topologies.json).",
)
def topologies(
    globs: tuple[str, ...],
    situations: tuple[str, ...],
    profile_name: str,
    trials: int | None,
    again: bool,
    seed: int,
    out: Path | None,
) -> None:
    """Run the talk's pictures, and strike each of their boxes in turn.

    One server, one with a database, servers in turn behind a middle, and a web of peers, on
    every stack. Each box is killed or frozen, and a server is added under load. `report`
    reads the file. Trials that it has of this machine and of programs that have not changed
    since are kept: an interrupted survey goes on where it stopped.

    \b
    Examples:
      nomiddle topologies
      nomiddle topologies --profile full
      nomiddle topologies --only 'zmq/*' --trials 1 --out zmq.json
    """
    from bench.contract.find import choose
    from bench.contract.topology import players, topologies
    from bench.run.lock import only_run
    from bench.run.preconditions import require_measurable
    from bench.surveys import document
    from bench.surveys.topologies import kept, survey
    from bench.surveys.topologies.profiles import PROFILES
    from bench.surveys.topologies.tally import FILE, read, usable
    from bench.trial.descendants import sweep_processes
    from bench.trial.scratch import sweep_folders

    require_measurable()
    every = [(t, cell) for t in topologies().values() for cell in players(t)]
    chosen = {cell.id for cell in choose([cell for _, cell in every], globs)}
    every = [(topology, cell) for topology, cell in every if cell.id in chosen]
    for _, cell in every:
        if lacks := survey.lacks(cell):
            console.print(f"left out {cell.id}: {lacks}")
    path = out or REPORTS / FILE
    profile = PROFILES[profile_name]
    profile = replace(profile, trials=trials or profile.trials)
    unfinished = kept.Unfinished(path.with_suffix(".unfinished"))
    opened = kept.opening(every, profile, seed)
    found = kept.going_on(unfinished.begun(), opened)
    if not found["rows"]:
        found = kept.going_on(read(path), opened, again=again)
    rows, sitting = found["rows"], len(found["sittings"]) - 1
    if rows:
        console.print(f"{len(rows)} trials are there, and are kept")
    unfinished.begin(found)
    wanted = survey.choose(survey.plan(every, profile, seed), situations)
    wanted = [*survey.left(wanted, rows)]
    with only_run(), steps("topologies", len(wanted)) as shown:
        sweep_folders()
        sweep_processes()

        def keep(row: survey.Row) -> None:
            rows.append({**row, "sitting": sitting})
            unfinished.add(rows[-1])
            what = f"{row['key']} {row['fault']}"
            shown.done(f"FAILED {what}: {row['error']}" if "error" in row else "")

        survey.make(wanted, seed, keep, profile.at_once)
    rows.sort(key=lambda row: [row[name] for name in survey.PLACE])
    document.write(path, found)
    unfinished.end()
    console.print(f"{len(usable(rows))} of {len(rows)} trials count: {as_typed(path)}")
