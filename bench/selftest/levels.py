"""Each cell that is credited with a level survives the faults of that level's guarantees.

The levels of minimal cells are shown beside them. The least cost of a level is the
difference in size between two cells of one stack.
"""

from __future__ import annotations

from pathlib import Path

from bench.contract.find import choose, find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.measure.levels import CREDITED
from bench.run.levels import Standing, standings, trials_of
from bench.selftest.answers import KnownAnswer

PROGRAMS = ("*/minimal/*", *(f"*/{variant}/*" for variant in CREDITED))


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Make one trial of each cell with each fault: a guarantee allows no exception."""
    del blocks
    cells = choose(find_cells([IMPLEMENTATIONS]), PROGRAMS)
    return [_answer(standing) for standing in standings(trials_of(cells), logs, seed)]


def _answer(standing: Standing) -> KnownAnswer:
    credited = CREDITED.get(standing.cell.variant.name)
    level = standing.level or "no restart was measured"
    return KnownAnswer(
        standing.cell.id,
        f"{len(standing.outcomes)} faults, each once",
        "\n".join([level, *standing.reasons()]),
        f"at least {credited}" if credited else "",
        not standing.falls_short if credited else None,
        needs_quiet=True,
    )
