"""``check``: conformance of programs, or their levels."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli.common import all_cells, more_roots, recheck_option
from bench.cli.hosting import delay_option, hosting, refuse_delay
from bench.cli.levels import show as show_levels
from bench.cli.named import chosen
from bench.contract.model import Cell
from bench.errors import UsageError
from bench.run.progress import console, steps

if TYPE_CHECKING:
    from bench.trial.conformance import CheckResult


@click.command()
@click.argument("globs", nargs=-1, metavar="[PROGRAM]...")
@click.option(
    "--transport",
    help="Check this transport only (default: all that a program supports).",
)
@click.option(
    "--sanitize",
    is_flag=True,
    help="Check only programs in C, built to find memory errors and leaks.",
)
@click.option(
    "--levels",
    is_flag=True,
    help="Try failures instead, and show each program's level: L0, L1 or L2.",
)
@click.option(
    "--hosts",
    metavar="WHERE",
    help="Check over TCP between several hosts, as of `nomiddle run --hosts`.",
)
@delay_option
@recheck_option
@more_roots
def check(
    globs: tuple[str, ...],
    transport: str | None,
    sanitize: bool,
    levels: bool,
    hosts: str | None,
    delay_ms: float | None,
    recheck: bool,
    more: tuple[Path, ...],
) -> None:
    """Check that programs keep the contract of their workload.

    A PROGRAM is a path such as zmq/minimal/fan_out.py, and may have stars, or a name on
    charts, such as ZeroMQ. The default is every program. The exit status is 1 if a program
    fails. A program that passed is not checked again until the program, the harness, a
    library or the kernel changes.

    \b
    Examples:
      nomiddle check
      nomiddle check 'zmq/*' --transport ipc
      nomiddle check 'http/resilient/*' --levels
    """
    from bench.run.preconditions import require_measurable
    from bench.trial.conformance import check_all
    from bench.trial.kept_checks import KeptChecks

    refuse_delay(hosts, delay_ms)
    require_measurable()
    cells = chosen(all_cells(more), globs)
    if levels or hosts:
        if sanitize or transport or recheck or (levels and hosts):
            option, does = (
                ("--levels", "tries failures") if levels else ("--hosts", "is TCP")
            )
            raise UsageError(
                f"{option} {does} and no other check; leave out --sanitize, --transport "
                f"and --recheck{', and --hosts' if levels else ''}"
            )
        if levels:
            sys.exit(show_levels(cells))
        sys.exit(_show_apart(cells, str(hosts), more, delay_ms))
    if sanitize:
        cells = [replace(cell, sanitized=True) for cell in cells if cell.language == "c"]
    wanted = [
        (cell, name)
        for cell in cells
        for name in cell.transports
        if transport in (None, name)
    ]
    if not wanted:
        kind = "is in C" if sanitize else f"has the transport {transport!r}"
        raise UsageError(f"none of these programs {kind}; see `nomiddle list`")
    logs = _logs()
    with steps("checking", len(wanted)) as shown:
        kept = KeptChecks(recheck=recheck)
        results = check_all(wanted, logs, lambda one: shown.done(_line(one)), kept)
    for line in kept.notes(len(wanted)):
        console.print(line)
    sys.exit(_sum_up(results, logs))


def _logs() -> Path:
    """Make a folder. It stays if a check fails: the reasons name files in it."""
    return Path(tempfile.mkdtemp(prefix="nomiddle-check-"))


def _line(result: CheckResult) -> str:
    verdict = "ok" if result.passed else "SKIPPED" if result.skipped else "FAILED"
    lost = result.losses if result.passed else 0
    said = f" ({lost} lost at full speed)" if lost else ""
    return f"{verdict:7} {result.cell} {result.transport}{said} {result.reason}"


def _show_apart(
    cells: Sequence[Cell], hosts: str, more: tuple[Path, ...], delay_ms: float | None
) -> int:
    """Check programs between hosts, one after the other; return the exit status."""
    from bench.run.lock import only_run
    from bench.trial.conformance import check_apart

    over_tcp = [cell for cell in cells if "tcp" in cell.transports]
    logs, results = _logs(), []
    with (
        only_run(),
        hosting(hosts, over_tcp, more, delay_ms=delay_ms),
        steps("checking", len(over_tcp)) as shown,
    ):
        for cell in over_tcp:
            results.append(check_apart(cell, logs))
            shown.done(_line(results[-1]))
    return _sum_up(results, logs)


def _sum_up(results: Sequence[CheckResult], logs: Path) -> int:
    """Print how many checks passed; return the exit status."""
    failed = [result for result in results if not (result.passed or result.skipped)]
    passed = sum(result.passed for result in results)
    skipped = len(results) - passed - len(failed)
    more_words = f", {skipped} skipped" if skipped else ""
    console.print(f"{passed} passed, {len(failed)} failed{more_words}")
    if not failed:
        shutil.rmtree(logs, ignore_errors=True)
    return 1 if failed else 0
