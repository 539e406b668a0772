"""``check --levels``: which failures cells survive, and what speaks against more."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from bench.contract import Cell
from bench.errors import UsageError
from bench.progress import console


def show(cells: Sequence[Cell]) -> int:
    """Print the level of each cell; return 1 where one is below that of its variant."""
    from bench.levels import standings, trials_of

    measurable = [c for c in cells if not c.is_floor and c.language == "python"]
    if not measurable:
        raise UsageError("failures are tried on cells in Python, and none of these is one")
    # Kept when something fails: the logs of its hosts are in it.
    logs = Path(tempfile.mkdtemp(prefix="nomiddle-levels-"))
    seed = random.SystemRandom().randrange(1 << 32)
    found = standings(trials_of(measurable), logs, seed)
    table = Table(box=None, pad_edge=False)
    for column in ("cell", "level", "what speaks against the next"):
        table.add_column(column)
    for standing in found:
        table.add_row(
            standing.cell.id, standing.level or "?", "\n".join(standing.reasons())
        )
    console.print(table)
    if short := [standing.cell.id for standing in found if standing.falls_short]:
        console.print(f"below the level that they are there for: {', '.join(short)}")
        return 1
    shutil.rmtree(logs, ignore_errors=True)
    return 0
