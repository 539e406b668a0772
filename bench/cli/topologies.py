"""``topologies``: run the talk's pictures, and strike each of their boxes in turn."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from bench.cli.common import REPORTS, as_typed
from bench.run.progress import console, steps


@click.command()
@click.option(
    "--only", "globs", multiple=True, metavar="GLOB", help="Only such programs (zmq/*)."
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
@click.option("--seed", type=int, default=1, show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="File to write (default: reports/topologies.json).",
)
def topologies(
    globs: tuple[str, ...],
    profile_name: str,
    trials: int | None,
    seed: int,
    out: Path | None,
) -> None:
    """Run the talk's pictures, and strike each of their boxes in turn.

    One server, one with a database, servers in turn behind a middle, and a web of peers, on
    every stack. Each box is killed or frozen, and a server is added under load. An
    interrupted survey goes on where it stopped. `report` reads the file.

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
    from bench.surveys.topologies import survey
    from bench.surveys.topologies.profiles import PROFILES
    from bench.surveys.topologies.tally import FILE, usable
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
    opened, rows = survey.opening(every, profile, seed), list[survey.Row]()
    unfinished = survey.Unfinished(path.with_suffix(".unfinished"))
    if begun := unfinished.begun():
        if survey.same(begun[0], opened):
            opened, rows = begun
            console.print(f"going on: {len(rows)} trials are there")
        else:
            console.print("programs or options are others now: beginning again")
    if not rows:
        unfinished.begin(opened)
    wanted = [*survey.left(survey.plan(every, profile, seed), rows)]
    with only_run(), steps("topologies", len(wanted)) as shown:
        sweep_folders()
        sweep_processes()

        def keep(row: survey.Row) -> None:
            rows.append(row)
            unfinished.add(row)
            what = f"{row['key']} {row['fault']}"
            shown.done(f"FAILED {what}: {row['error']}" if "error" in row else "")

        survey.make(wanted, seed, keep, profile.at_once)
    rows.sort(key=lambda row: [row[name] for name in survey.PLACE])
    document.write(path, {**opened, "rows": rows})
    unfinished.end()
    console.print(f"{len(usable(rows))} of {len(rows)} trials count: {as_typed(path)}")
