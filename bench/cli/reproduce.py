"""The command ``reproduce``."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from bench.cli.common import REPRODUCTIONS, all_cells, as_typed, more_roots
from bench.cli.hosting import (
    delay_again,
    hosting,
    hosts_again,
    hosts_option,
    named_again,
)
from bench.cli.run import (
    a_path,
    drawn,
    interruptible,
    new_folder,
    refuse_beside,
    thresholds,
)
from bench.contract.model import FLOOR, IMPLEMENTATIONS
from bench.run.progress import console

if TYPE_CHECKING:
    from bench.analysis.side import Side


@click.command()
@click.argument("published", metavar="RUN", type=a_path)
@click.option(
    "--with",
    "other",
    type=a_path,
    metavar="OTHER",
    help="Compare with this run instead of measuring.",
)
@click.option("--seed", type=int, help="Use the order of trials of another reproduction.")
@click.option(
    "--blocks",
    type=click.IntRange(min=8),
    help="Number of repetitions (default: as published).",
)
@click.option("--out", type=a_path, help="Folder of the new run.")
@click.option("--resume", type=a_path, help="Complete an interrupted reproduction.")
@hosts_option
@more_roots
def reproduce(
    published: Path,
    other: Path | None,
    seed: int | None,
    blocks: int | None,
    out: Path | None,
    resume: Path | None,
    hosts: str | None,
    more: tuple[Path, ...],
) -> None:
    """Repeat a run's declared comparisons on this machine.

    The report shows for each whether it holds here. Only ratios are compared, never
    absolute times. The exit status is 1 if a comparison disagrees.

    \b
    Examples:
      nomiddle reproduce reports/data/RUN
      nomiddle reproduce reports/data/RUN --with OTHER
    """
    from bench.analysis import reproduction
    from bench.analysis.results import read
    from bench.analysis.side import Side, read_side

    theirs = read_side(published)
    reproduction.declared_by(theirs)
    if other:
        refuse_beside("--with measures nothing", "other", "published")
        _show_reproduction(theirs, read_side(other))
    from bench.run.lock import only_run
    from bench.run.preconditions import require_measurable
    from bench.sites.standing import kind_of
    from bench.trial.descendants import sweep_processes
    from bench.trial.scratch import sweep_folders

    require_measurable()
    with only_run(), ExitStack() as stack:
        sweep_folders()
        sweep_processes()
        if resume:
            refuse_beside(
                "--resume keeps the options of the run", "resume", "published", "hosts"
            )
            begun = reproduction.resume(resume, theirs, [IMPLEMENTATIONS, FLOOR], more)
            hosts = hosts_again(begun.about, hosts, same=True)
            delay_ms = delay_again(begun.about, hosts)
            where = hosting(hosts, begun.cells, begun.roots, begun.about, delay_ms)
            stack.enter_context(where)
        else:
            hosts = hosts_again(theirs.about, hosts, same=False)
            cells = reproduction.cells_again(theirs, all_cells(more))
            delay_ms = delay_again(theirs.about, hosts)
            facts = stack.enter_context(hosting(hosts, cells, more, delay_ms=delay_ms))
            seed = drawn(seed)
            folder = out or new_folder(REPRODUCTIONS, seed)
            begun = reproduction.begin(
                folder,
                theirs,
                cells,
                seed,
                blocks,
                more,
                hosts and kind_of(hosts),
                **facts,
                **thresholds(),
            )
        shown = as_typed(begun.archive.folder)
        console.print(f"reproduction: {shown}")
        go_on = f"reproduce {as_typed(published)} --resume {shown}{named_again(hosts)}"
        interruptible(begun, go_on)
    ours = Side.of(read(begun.archive))
    _show_reproduction(theirs, ours, report=begun.archive.folder / "report")


def _show_reproduction(published: Side, here: Side, report: Path | None = None) -> NoReturn:
    """Print what holds here, write it as a ``report`` if one is named, and exit."""
    from bench.analysis.two_runs import TwoRuns, counts
    from bench.report.pages.two_runs import reproduced_lines, write_reproduction

    two = TwoRuns(here=here, there=published)
    for line in reproduced_lines(two):
        click.echo(line)
    if report:
        click.echo(f"report: {as_typed(write_reproduction(two, report))}")
    sys.exit(1 if counts(two.declared)["disagrees"] else 0)
