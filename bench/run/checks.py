"""The checks of a run: every planned program over every planned transport, once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.contract.model import Case
from bench.run.archive import CHECK, Archive
from bench.run.progress import console, steps
from bench.run.timing import CHECKS, timed
from bench.trial.conformance import CheckResult, check_all
from bench.trial.kept_checks import KeptChecks
from bench.trial.requirements import left_out

Checks = dict[tuple[str, str], dict[str, Any]]
"""The rows of check.json, by program and transport."""


def check_programs(
    archive: Archive, cases: Iterable[Case], logs: Path, recheck: bool
) -> Checks:
    """Return the checks of the cases' programs, and add to the archive those that it lacks.

    Without ``recheck`` a check of an earlier run counts if nothing has changed since.
    """
    wanted = {(case.cell.timed_id, case.transport): case for case in cases}
    known: Checks = {
        (row["cell"], row["transport"]): row for row in archive.read(CHECK) or []
    }
    todo = [(c.cell, c.transport) for key, c in wanted.items() if key not in known]
    for line in left_out(case.cell for case in wanted.values()):
        console.print(line)
    kept = KeptChecks(recheck=recheck)
    with timed(archive, CHECKS), steps("checking programs", len(todo)) as shown:

        def done(result: CheckResult) -> None:
            known[result.cell, result.transport] = asdict(result)
            archive.write(CHECK, list(known.values()))
            failed = f"FAILED {result.cell} {result.transport}: {result.reason}"
            shown.done("" if result.passed or result.skipped else failed)

        check_all(todo, logs, done, kept)
    for line in kept.notes(len(todo)):
        console.print(line)
    return known
