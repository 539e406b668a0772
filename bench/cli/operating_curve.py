"""``operating-curve``: count how often ``compare`` is wrong, and what it finds."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from bench.cli.common import REPORTS, as_typed
from bench.contract.model import PROJECT
from bench.errors import NoMiddleError, command
from bench.run.progress import console, minutes

RUNS = PROJECT / "operating_curve"
a_path = click.Path(path_type=Path)


@click.command("operating-curve")
@click.option(
    "--pairs",
    type=click.IntRange(min=1),
    default=30,
    show_default=True,
    help="Number of pairs of runs.",
)
@click.option(
    "--seed", default=1, show_default=True, help="Use another order of runs and trials."
)
@click.option(
    "--runs", "folder", type=a_path, help="Folder of the runs (default: operating_curve/)."
)
@click.option("--out", type=a_path, help="File to write (default: in reports/).")
def operating_curve(pairs: int, seed: int, folder: Path | None, out: Path | None) -> None:
    """Count how often `compare` is wrong, and what it finds.

    It makes pairs of small runs of one revision, some beside a busy neighbour. Between two
    such runs `compare` should find nothing. Each run also has a program with 5, 10 and 20 %
    more work, which it should find. The document in reports/ has a row for each pair, and
    docs/method.md has the table.

    An interrupted series goes on where it stopped, and so does one with more pairs.

    \b
    Examples:
      nomiddle operating-curve
      nomiddle operating-curve --pairs 60
    """
    from bench.report.pages import method
    from bench.run.lock import only_run
    from bench.run.preconditions import require_measurable
    from bench.surveys import document
    from bench.surveys.operating_curve import tally
    from bench.surveys.operating_curve.make import make_runs, open_series
    from bench.surveys.operating_curve.outcomes import outcomes
    from bench.surveys.operating_curve.series import planned_runs
    from bench.trial.descendants import sweep_processes
    from bench.trial.scratch import sweep_folders

    require_measurable()
    folder = folder or RUNS
    try:
        with only_run():
            sweep_folders()
            sweep_processes()
            series = open_series(folder, seed)
            left = sum(not series.has(run) for run in planned_runs(pairs, seed))
            for run, took_s in make_runs(series, pairs):
                left -= 1
                beside = ", beside a neighbour" if run.busy else ""
                console.print(
                    f"{run.name}{beside}: {took_s:.0f} s; "
                    f"runs left: {left}, about {minutes(left * took_s)}"
                )
    except KeyboardInterrupt:
        options = f"--pairs {pairs} --seed {seed} --runs {as_typed(folder)}"
        options += f" --out {as_typed(out)}" if out else ""
        raise NoMiddleError(
            "interrupted; every finished block is kept. To resume:\n"
            f"  {command(f'operating-curve {options}')}"
        ) from None
    found = outcomes(series, pairs)
    for reason in found.left_out:
        console.print(f"left out {reason}", markup=False)
    path = out or REPORTS / tally.FILE
    document.write(path, {"format": tally.FORMAT, **series.opening, **asdict(found)})
    console.print(f"{len(found.rows)} of {pairs} pairs count: {as_typed(path)}")
    console.print("\n".join(method.block(tally.read(path))), markup=False)
    if out is None:
        method.update(method.PAGE, path)
