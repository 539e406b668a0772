"""Trials without a real fault: the contract is kept, and no message is missed or late."""

from __future__ import annotations

import math
from pathlib import Path

from bench.contract.find import choose, find_cells
from bench.contract.model import IMPLEMENTATIONS
from bench.faults.all_faults import all_faults
from bench.measure.recovery import KEPT
from bench.run.levels import standings, trials_of
from bench.selftest.answers import KnownAnswer

CONTROLS = tuple(name for name, fault in all_faults().items() if fault.number == "F0")
ON_ITS_WAY_S = 0.01
"""How long a message may take, beside the interval between two messages."""
CELLS = ("*/minimal/*.py",)


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Make one trial of each minimal program with each control."""
    del blocks
    cells = choose(find_cells([IMPLEMENTATIONS]), CELLS)
    found = []
    for standing in standings(trials_of(cells, CONTROLS), logs, seed, at_once=2):
        for outcome in standing.made:
            most_ms = 1e3 * (outcome["interval_s"] + ON_ITS_WAY_S)
            back_s = outcome.get("reconnect_s", math.inf)
            outage_ms = 1e3 * (outcome["healed_s"] + back_s)
            said = f"{outcome['verdict']}, {outcome['missed']} missed, {outage_ms:.1f} ms"
            found.append(
                KnownAnswer(
                    f"{standing.cell.id}: verdict, messages missed, outage",
                    outcome["fault"],
                    said,
                    f"{KEPT}, 0 missed, at most {most_ms:.0f} ms",
                    outcome["verdict"] == KEPT
                    and outcome["missed"] == 0
                    and outage_ms <= most_ms,
                    needs_quiet=True,
                )
            )
    return found
