"""``check``: conformance of programs, or their levels."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import click

from bench.cli.common import all_cells, more_roots, recheck_option
from bench.cli.levels import show as show_levels
from bench.contract.find import choose
from bench.errors import UsageError
from bench.run.progress import console, steps


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
@recheck_option
@more_roots
def check(
    globs: tuple[str, ...],
    transport: str | None,
    sanitize: bool,
    levels: bool,
    recheck: bool,
    more: tuple[Path, ...],
) -> None:
    """Check that programs keep the contract of their workload.

    A PROGRAM is a path such as zmq/minimal/fan_out.py, and may have stars. The default is
    every program. The exit status is 1 if a program fails. A program that passed is not
    checked again until the program, the harness, a library or the kernel changes.

    \b
    Examples:
      nomiddle check
      nomiddle check 'zmq/*' --transport ipc
      nomiddle check 'http/resilient/*' --levels
    """
    from bench.run.preconditions import require_measurable
    from bench.trial.conformance import CheckResult, check_all
    from bench.trial.kept_checks import KeptChecks

    require_measurable()
    if levels:
        if sanitize or transport or recheck:
            raise UsageError(
                "--levels tries failures and no check; leave out --sanitize, --transport "
                "and --recheck"
            )
        sys.exit(show_levels(choose(all_cells(more), globs)))
    cells = choose(all_cells(more), globs)
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
    # The folder stays if a check fails: the reasons name files in it.
    logs = Path(tempfile.mkdtemp(prefix="nomiddle-check-"))
    with steps("checking", len(wanted)) as shown:

        def done(result: CheckResult) -> None:
            lost = (
                f" ({result.losses} lost at full speed)"
                if result.passed and result.losses
                else ""
            )
            verdict = "ok" if result.passed else "SKIPPED" if result.skipped else "FAILED"
            shown.done(
                f"{verdict:7} {result.cell} {result.transport}{lost} {result.reason}"
            )

        kept = KeptChecks(recheck=recheck)
        results = check_all(wanted, logs, done, kept)
    for line in kept.notes(len(wanted)):
        console.print(line)
    failed = [result for result in results if not (result.passed or result.skipped)]
    passed = sum(result.passed for result in results)
    skipped = len(results) - passed - len(failed)
    more_words = f", {skipped} skipped" if skipped else ""
    console.print(f"{passed} passed, {len(failed)} failed{more_words}")
    if not failed:
        shutil.rmtree(logs, ignore_errors=True)
    sys.exit(1 if failed else 0)
