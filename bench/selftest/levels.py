"""Each cell that is credited with a level passes the faults of its guarantees.

What the minimal cells pass is shown beside it: the least that each level costs is the
difference in size between two cells of one stack.
"""

from __future__ import annotations

from pathlib import Path

from bench.contract import IMPLEMENTATIONS
from bench.find import choose, find_cells
from bench.levels import CREDITED, Standing, standings, trials_of
from bench.selftest.answers import Answer

TIERS = ("*/minimal/*", *(f"*/{variant}/*" for variant in CREDITED))


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Put each cell to each fault once: a guarantee has no exceptions to be counted."""
    del blocks
    cells = choose(find_cells([IMPLEMENTATIONS]), TIERS)
    return [_answer(standing) for standing in standings(trials_of(cells), logs, seed)]


def _answer(standing: Standing) -> Answer:
    credited = CREDITED.get(standing.cell.variant.name)
    level = standing.level or "no restart was measured"
    return Answer(
        standing.cell.id,
        f"{len(standing.outcomes)} faults, each once",
        "\n".join([level, *standing.reasons()]),
        f"at least {credited}" if credited else "",
        not standing.falls_short if credited else None,
        needs_quiet=True,
    )
