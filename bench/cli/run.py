"""The commands ``run`` and ``reproduce``."""

from __future__ import annotations

import platform
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click
from click.core import ParameterSource

from bench.cli import compare
from bench.cli.common import (
    DATA,
    REPRODUCTIONS,
    all_cells,
    as_typed,
    more_roots,
    recheck_option,
)
from bench.cli.points import point
from bench.cli.report import report_after
from bench.contract.find import choose
from bench.contract.model import FLOOR, IMPLEMENTATIONS
from bench.errors import NoMiddleError, UsageError, command
from bench.run.progress import console

if TYPE_CHECKING:
    from bench.analysis.side import Side
    from bench.run.archive import Archive
    from bench.run.manifest import Begun

SEEDS = 1 << 32
a_path = click.Path(path_type=Path)


@click.command()
@click.option(
    "--profile",
    default="standard",
    show_default=True,
    help="quick (a first look), standard (to cite), full (more cases) or growth (what "
    "connections cost).",
)
@click.option(
    "--only", multiple=True, metavar="GLOB", help="Measure only programs that match."
)
@click.option("--seed", type=int, help="Use the order of trials of another run.")
@click.option(
    "--blocks",
    type=click.IntRange(min=1),
    help="Number of repetitions (default: the profile's).",
)
@click.option(
    "--budget",
    "budget_minutes",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="Finish measuring within MINUTES by skipping less important cases. Declared "
    "comparisons are never skipped, and keep at least 8 repetitions.",
)
@click.option(
    "--part",
    type=click.Choice(["speed", "failures"]),
    help="Only the trials without a fault (speed), or only those with one (failures).",
)
@point("--size", "BYTES", "Measure messages of this size instead of the profile's.")
@point("--clients", "N", "Measure request/reply alone, with so many clients.")
@point("--subscribers", "N", "Measure fan-out alone, with so many subscribers.")
@point("--workers", "N", "Measure the pipeline alone, with so many workers.")
@click.option(
    "--hosts",
    type=click.Choice(["namespaces"]),
    help="Measure latencies with driver and peers on two hosts too: network namespaces "
    "of this machine.",
)
@recheck_option
@click.option("--out", type=a_path, help="Folder of the run (default: in reports/data/).")
@click.option("--resume", type=a_path, metavar="RUN", help="Complete an interrupted run.")
@click.option(
    "--against",
    "reference",
    type=a_path,
    metavar="RUN",
    help="Then compare with RUN as `compare` does; exit with 3 if something became worse.",
)
@more_roots
def run(
    profile: str,
    only: tuple[str, ...],
    seed: int | None,
    blocks: int | None,
    budget_minutes: float | None,
    part: str | None,
    size: tuple[int, ...],
    clients: tuple[int, ...],
    subscribers: tuple[int, ...],
    workers: tuple[int, ...],
    hosts: str | None,
    recheck: bool,
    out: Path | None,
    resume: Path | None,
    reference: Path | None,
    more: tuple[Path, ...],
) -> None:
    """Measure, and write the data and the report of a run.

    Every finished trial is kept. If you interrupt a run, it prints the command that
    resumes it. The exit status is 1 if a case has no value.

    A size or a number of peers of your own may be several, with commas. Then the run has
    the profile's cases of speed at these points. Their names have the same form as any
    other's, and trials with a fault are left out.

    \b
    Examples:
      nomiddle run --profile quick
      nomiddle run --profile quick --size 1000,100000 --clients 8
      nomiddle run --only 'zmq/*' --only 'http/minimal/*'
      nomiddle run --profile quick --out new --against reports/data/RUN
    """
    from bench.run import manifest
    from bench.run.lock import only_run
    from bench.run.points import Points
    from bench.run.preconditions import require_measurable
    from bench.trial.descendants import sweep_processes
    from bench.trial.scratch import sweep_folders

    require_measurable()
    counts = {"clients": clients, "subscribers": subscribers, "workers": workers}
    if reference:
        compare.refuse_as_reference(reference)
    with only_run():
        sweep_folders()
        sweep_processes()
        if resume:
            refuse_beside("--resume keeps the options of the run", "resume", "reference")
            begun = manifest.resume(resume, [IMPLEMENTATIONS, FLOOR], more)
        else:
            seed = _drawn(seed)
            cells = choose(all_cells(more), only)
            folder = out or _new_folder(DATA, seed)
            begun = manifest.begin(
                folder,
                profile,
                cells,
                seed,
                blocks,
                more,
                budget_minutes,
                part,
                Points(size, counts),
                hosts,
                **thresholds(),
            )
        shown = as_typed(begun.archive.folder)
        console.print(f"run: {shown}")
        held = f" --against {as_typed(reference)}" if reference else ""
        complete = _interruptible(begun, f"run --resume {shown}{held}", recheck)
    report_after(begun.archive.folder)
    as_before = not reference or compare.show_changes(begun.archive.folder, reference)
    if not complete:
        raise NoMiddleError("some cases have no value; the report gives the reasons")
    if not as_before:
        sys.exit(compare.WORSE)


def thresholds() -> dict[str, str]:
    """Return the checksum of the thresholds for the talk's claims, for run.json."""
    from bench.report.talk_claims.files import ledger_digest

    return {"ledger": ledger_digest()}


def _drawn(seed: int | None) -> int:
    return random.SystemRandom().randrange(SEEDS) if seed is None else seed


def refuse_beside(why: str, *allowed: str) -> None:
    """Raise UsageError if an option was given that is not among the ``allowed`` ones."""
    context = click.get_current_context()
    given = [
        f"--{parameter.opts[0].lstrip('-')}"
        for parameter in context.command.params
        if isinstance(parameter, click.Option)
        and parameter.name not in (*allowed, "more")
        and context.get_parameter_source(str(parameter.name)) is not ParameterSource.DEFAULT
    ]
    if given:
        raise UsageError(f"{why}; leave out {', '.join(given)}")


def _interruptible(begun: Begun, go_on: str, recheck: bool = False) -> bool:
    """Measure a run; ``go_on`` is the command that resumes it after an interruption."""
    from bench.run.manifest import HOSTED
    from bench.run.runner import make_run
    from bench.sites.standing import standing

    folder = as_typed(begun.archive.folder)
    resume = f"every finished trial is kept. To resume:\n  {command(go_on)}"
    try:
        with standing(begun.archive.about().get(HOSTED)):
            return make_run(begun.archive, begun.planned, begun.seed, _half_widths, recheck)
    except KeyboardInterrupt:
        raise NoMiddleError(f"interrupted; {resume}") from None
    except OSError as error:
        raise NoMiddleError(f"cannot write {folder}: {error}; {resume}") from error


def _half_widths(archive: Archive) -> Mapping[str, float]:
    # Modules that read tables are heavy: they are loaded when the planned trials are over.
    from bench.analysis.comparisons import measured_half_widths

    return measured_half_widths(archive)


def _new_folder(parent: Path, seed: int) -> Path:
    from bench.run.archive import run_name

    return parent / run_name(platform.node(), seed)


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
@more_roots
def reproduce(
    published: Path,
    other: Path | None,
    seed: int | None,
    blocks: int | None,
    out: Path | None,
    resume: Path | None,
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
    from bench.trial.descendants import sweep_processes
    from bench.trial.scratch import sweep_folders

    require_measurable()
    with only_run():
        sweep_folders()
        sweep_processes()
        if resume:
            refuse_beside("--resume keeps the options of the run", "resume", "published")
            begun = reproduction.resume(resume, theirs, [IMPLEMENTATIONS, FLOOR], more)
        else:
            seed = _drawn(seed)
            folder = out or _new_folder(REPRODUCTIONS, seed)
            begun = reproduction.begin(
                folder, theirs, all_cells(more), seed, blocks, more, **thresholds()
            )
        shown = as_typed(begun.archive.folder)
        console.print(f"reproduction: {shown}")
        _interruptible(begun, f"reproduce {as_typed(published)} --resume {shown}")
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
