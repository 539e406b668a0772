"""The command ``run``, and what ``reproduce`` has in common with it."""

from __future__ import annotations

import platform
import random
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from bench.cli import compare
from bench.cli.common import DATA, all_cells, as_typed, more_roots, recheck_option
from bench.cli.hosting import (
    delay_again,
    delay_option,
    hosting,
    hosts_again,
    hosts_option,
    named_again,
    refuse_delay,
)
from bench.cli.named import beside, chosen
from bench.cli.points import point
from bench.cli.report import ASKED, report_after
from bench.contract.model import FLOOR, IMPLEMENTATIONS
from bench.errors import HostGone, NoMiddleError, UsageError, command
from bench.run.progress import console

if TYPE_CHECKING:
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
    "--stack",
    "stacks",
    multiple=True,
    metavar="NAME",
    help="Measure one stack, and the programs that it is compared with.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="PROGRAM",
    help="Measure only programs that match a path such as 'zmq/*', or a name on charts.",
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
@hosts_option
@delay_option
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
    stacks: tuple[str, ...],
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
    delay_ms: float | None,
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

    A run with --stack ends with that stack's ratios against the others. Each of its
    programs meets those that promise the same.

    \b
    Examples:
      nomiddle run --profile quick
      nomiddle run --profile quick --stack ZeroMQ
      nomiddle run --profile quick --size 1000,100000 --clients 8
      nomiddle run --only 'zmq/*' --only 'http/minimal/*'
      nomiddle run --profile quick --hosts namespaces --delay-ms 1
      nomiddle run --profile quick --out new --against reports/data/RUN
    """
    from bench.run import manifest
    from bench.run.lock import only_run
    from bench.run.points import Points
    from bench.run.preconditions import require_measurable
    from bench.sites.standing import kind_of
    from bench.trial.descendants import sweep_processes
    from bench.trial.scratch import sweep_folders

    refuse_delay(hosts, delay_ms if not resume else None)
    require_measurable()
    counts = {"clients": clients, "subscribers": subscribers, "workers": workers}
    if reference:
        compare.refuse_as_reference(reference)
    with only_run(), ExitStack() as stack:
        sweep_folders()
        sweep_processes()
        if resume:
            refuse_beside(
                "--resume keeps the options of the run", "resume", "reference", "hosts"
            )
            begun = manifest.resume(resume, [IMPLEMENTATIONS, FLOOR], more)
            hosts = hosts_again(begun.about, hosts, same=True)
            delay_ms = delay_again(begun.about, hosts)
            where = hosting(hosts, begun.cells, begun.roots, begun.about, delay_ms)
            stack.enter_context(where)
        else:
            seed = drawn(seed)
            every = all_cells(more)
            asked: list[str] = []
            if stacks:
                every, asked = beside(every, stacks)
            cells = chosen(every, only)
            facts = stack.enter_context(hosting(hosts, cells, more, delay_ms=delay_ms))
            folder = out or new_folder(DATA, seed)
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
                hosts and kind_of(hosts),
                **facts,
                **thresholds(),
                **({ASKED: asked} if asked else {}),
            )
        shown = as_typed(begun.archive.folder)
        console.print(f"run: {shown}")
        held = f" --against {as_typed(reference)}" if reference else ""
        go_on = f"run --resume {shown}{held}{named_again(hosts)}"
        complete = interruptible(begun, go_on, recheck)
    report_after(begun.archive.folder)
    as_before = not reference or compare.show_changes(begun.archive.folder, reference)
    if not complete:
        raise NoMiddleError("some cases have no value; the report gives the reasons")
    if not as_before:
        sys.exit(compare.WORSE)


def thresholds() -> dict[str, str]:
    """Return the checksum of the thresholds for the talk's claims, for run.json."""
    from bench.report.talk_claims.files import thresholds_digest

    return {"ledger": thresholds_digest()}


def drawn(seed: int | None) -> int:
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


def interruptible(begun: Begun, go_on: str, recheck: bool = False) -> bool:
    """Measure a run; ``go_on`` is the command that resumes it after an interruption.

    Raises NoMiddleError with that command if it ends before its time.
    """
    from bench.run.runner import make_run

    folder = as_typed(begun.archive.folder)
    resume = f"every finished trial is kept. To resume:\n  {command(go_on)}"
    try:
        return make_run(begun.archive, begun.planned, begun.seed, _half_widths, recheck)
    except KeyboardInterrupt:
        raise NoMiddleError(f"interrupted; {resume}") from None
    except HostGone as error:
        raise NoMiddleError(f"{error}; {resume}") from error
    except OSError as error:
        raise NoMiddleError(f"cannot write {folder}: {error}; {resume}") from error


def _half_widths(archive: Archive) -> Mapping[str, float]:
    # Modules that read tables are heavy: they are loaded when the planned trials are over.
    from bench.analysis.comparisons import measured_half_widths

    return measured_half_widths(archive)


def new_folder(parent: Path, seed: int) -> Path:
    from bench.run.archive import run_name

    return parent / run_name(platform.node(), seed)
