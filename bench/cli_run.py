"""The commands of a run: measure one, report on it, reproduce its claims."""

from __future__ import annotations

import platform
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from bench import cli_compare
from bench.cli_common import (
    DATA,
    REPORTS,
    REPRODUCTIONS,
    all_cells,
    as_typed,
    more_roots,
)
from bench.contract import FLOOR, IMPLEMENTATIONS
from bench.errors import NoMiddleError, UsageError
from bench.find import choose
from bench.progress import console
from bench.suggest import command

if TYPE_CHECKING:
    from bench.manifest import Begun

SEEDS = 1 << 32
a_path = click.Path(path_type=Path)


@click.command()
@click.option(
    "--profile", default="standard", show_default=True, help="quick, standard, full"
)
@click.option("--only", multiple=True, metavar="GLOB", help="Only cells that match.")
@click.option("--seed", type=int, help="Repeat the order of another run.")
@click.option(
    "--blocks", type=click.IntRange(min=1), help="Instead of the profile's number."
)
@click.option(
    "--budget",
    "budget_minutes",
    type=click.FloatRange(min=0, min_open=True),
    metavar="MINUTES",
    help="Leave out cases until measuring fits; claims stay, with 6 blocks at least.",
)
@click.option(
    "--part",
    type=click.Choice(["speed", "failures"]),
    help="Only these trials of the profile: without a fault, or with one.",
)
@click.option("--out", type=a_path, help="The folder of the run.")
@click.option("--resume", type=a_path, help="Complete that run.")
@click.option(
    "--against",
    "reference",
    type=a_path,
    metavar="RUN",
    help="Then say what changed since that run, as `compare` does; status 3 if for worse.",
)
@more_roots
def run(
    profile: str,
    only: tuple[str, ...],
    seed: int | None,
    blocks: int | None,
    budget_minutes: float | None,
    part: str | None,
    out: Path | None,
    resume: Path | None,
    reference: Path | None,
    more: tuple[Path, ...],
) -> None:
    """Measure, and write a run's folder and its report."""
    from bench import manifest
    from bench.lock import only_run
    from bench.processes import require_linux
    from bench.scratch import sweep_folders

    require_linux()
    if reference:
        cli_compare.refuse_as_reference(reference)
    with only_run():
        sweep_folders()
        if resume:
            refuse_beside("--resume goes on as the run began", "resume", "reference")
            begun = manifest.resume(resume, [IMPLEMENTATIONS, FLOOR], more)
        else:
            seed = _drawn(seed)
            cells = choose(all_cells(more), only)
            folder = out or _new_folder(DATA, seed)
            begun = manifest.begin(
                folder, profile, cells, seed, blocks, more, budget_minutes, part
            )
        shown = as_typed(begun.archive.folder)
        console.print(f"run: {shown}")
        held = f" --against {as_typed(reference)}" if reference else ""
        complete = _interruptible(begun, f"run --resume {shown}{held}")
    _report_after(begun.archive.folder)
    as_before = not reference or cli_compare.against(begun.archive.folder, reference)
    if not complete:
        raise NoMiddleError("some cases have no value: their reasons are in the report")
    if not as_before:
        sys.exit(cli_compare.WORSE)


def _drawn(seed: int | None) -> int:
    return random.SystemRandom().randrange(SEEDS) if seed is None else seed


def refuse_beside(why: str, *allowed: str) -> None:
    """Raise UsageError for an option given that would have to be ignored."""
    context = click.get_current_context()
    given = [
        f"--{parameter.opts[0].lstrip('-')}"
        for parameter in context.command.params
        if isinstance(parameter, click.Option)
        and parameter.name not in (*allowed, "more")
        and context.get_parameter_source(str(parameter.name)) is not ParameterSource.DEFAULT
    ]
    if given:
        raise UsageError(f"{why}: leave out {', '.join(given)}")


def _interruptible(begun: Begun, go_on: str) -> bool:
    """Carry a run out; ``go_on`` is the command that completes it if interrupted."""
    from bench.run import make_run

    folder = as_typed(begun.archive.folder)
    resume = f"every finished trial is kept. To go on:\n  {command(go_on)}"
    try:
        return make_run(begun.archive, begun.planned, begun.seed)
    except KeyboardInterrupt:
        raise NoMiddleError(f"interrupted; {resume}") from None
    except OSError as error:
        raise NoMiddleError(f"cannot write {folder}: {error}; {resume}") from error


def _new_folder(parent: Path, seed: int) -> Path:
    from bench.archive import run_name

    return parent / run_name(platform.node(), seed)


def _report_after(folder: Path) -> None:
    from bench.report import build
    from bench.report.headline import survival, table

    page = build([folder], _report_folder(folder))
    numbers = page.parent / "numbers.json"
    console.print(table(numbers))
    if survived := survival(numbers):
        console.print(survived)
    console.print(f"report: {as_typed(page)}")


def _report_folder(run_folder: Path) -> Path:
    """Return where a run's report goes.

    ``reports/`` for a whole run under ``reports/data/``: what README shows is never
    replaced by a screening or a part. Beside the run for any other.
    """
    from bench.archive import Archive

    inside = run_folder.resolve().parent == DATA.resolve()
    whole = inside and Archive(run_folder).about().get("whole", False)
    return REPORTS if whole else run_folder / "report"


@click.command()
@click.argument("runs", nargs=-1, type=a_path)
@click.option("--out", type=a_path, help="The folder of the report.")
def report(runs: tuple[Path, ...], out: Path | None) -> None:
    """Rebuild everything that is derived from raw data, without measuring.

    Of several RUNs the first is reported on and the others are laid over it; that report
    goes beside the first run, and replaces nothing in reports/.
    """
    from bench.archive import latest_run
    from bench.report import build

    folders = list(runs) or [latest_run(DATA)]
    alone = _report_folder(folders[0])
    page = build(folders, out or (folders[0] / "report" if len(folders) > 1 else alone))
    console.print(f"report: {as_typed(page)}")


@click.command()
@click.argument("published", metavar="RUN", type=a_path)
@click.option("--with", "other", type=a_path, help="Compare with that run; measure none.")
@click.option("--seed", type=int, help="Repeat the order of another reproduction.")
@click.option(
    "--blocks", type=click.IntRange(min=6), help="Instead of the published numbers."
)
@click.option("--out", type=a_path, help="The folder of the new run.")
@click.option("--resume", type=a_path, help="Complete that one.")
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
    """Measure a published run's claims again, and say which of them hold here.

    Ratios are compared, never absolute times. The status is 1 where a claim disagrees.
    """
    from bench.report import reproduction
    from bench.reproduce import measured_side, read_side

    theirs = read_side(published)
    if other:
        refuse_beside("--with measures nothing", "other", "published")
        made = reproduction.Reproduction.of(theirs, read_side(other))
        console.print(reproduction.shown(made))
        sys.exit(1 if made.counts["disagrees"] else 0)
    from bench import replan
    from bench.lock import only_run
    from bench.processes import require_linux
    from bench.scratch import sweep_folders

    require_linux()
    with only_run():
        sweep_folders()
        if resume:
            refuse_beside("--resume goes on as it began", "resume", "published")
            begun = replan.resume(resume, theirs, [IMPLEMENTATIONS, FLOOR], more)
        else:
            seed = _drawn(seed)
            folder = out or _new_folder(REPRODUCTIONS, seed)
            begun = replan.begin(folder, theirs, all_cells(more), seed, blocks, more)
        shown = as_typed(begun.archive.folder)
        console.print(f"reproduction: {shown}")
        _interruptible(begun, f"reproduce {as_typed(published)} --resume {shown}")
    made = reproduction.Reproduction.of(theirs, measured_side(begun.archive))
    console.print(reproduction.shown(made))
    page = reproduction.write(made, begun.archive.folder / "report")
    console.print(f"report: {as_typed(page)}")
    sys.exit(1 if made.counts["disagrees"] else 0)
