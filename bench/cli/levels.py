"""``check --levels``: which failures each program survives, and what stops it."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from bench.contract.model import Cell
from bench.errors import UsageError
from bench.run.progress import console


def show(cells: Sequence[Cell]) -> int:
    """Print the level of each program; return 1 if a program misses that of its variant."""
    from bench.run.levels import standings, trials_of

    measurable = [c for c in cells if not c.is_floor and c.language == "python"]
    if not measurable:
        raise UsageError(
            "failures are tried on programs in Python only, and none of these is one; "
            "name some that end in .py"
        )
    # The folder stays if a program misses its level: it has the logs of the processes.
    logs = Path(tempfile.mkdtemp(prefix="nomiddle-levels-"))
    seed = random.SystemRandom().randrange(1 << 32)
    found = standings(trials_of(measurable), logs, seed)
    table = Table(box=None, pad_edge=False)
    for column in ("program", "level", "next level blocked by"):
        table.add_column(column)
    for standing in found:
        table.add_row(
            standing.cell.id, standing.level or "?", "\n".join(standing.reasons())
        )
    console.print(table)
    if short := [standing.cell.id for standing in found if standing.falls_short]:
        console.print(f"below the level that their variant promises: {', '.join(short)}")
        return 1
    shutil.rmtree(logs, ignore_errors=True)
    return 0
