"""The order of trials: in each block every case once, shuffled by the printed seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from bench.plan import Planned


@dataclass(frozen=True)
class Slot:
    """One place in the schedule. ``rng`` seeds what else is random in its trial."""

    block: int
    position: int
    planned: Planned
    seed: str

    def rng(self) -> random.Random:
        return random.Random(self.seed)


def schedule(planned: Sequence[Planned], seed: int) -> list[Slot]:
    """Return every trial of a run in the order in which it is to be made.

    The same cases and seed give the same order. A case with fewer blocks than others
    takes part in the first ones.
    """
    slots: list[Slot] = []
    for block in range(max((entry.blocks for entry in planned), default=0)):
        entries = [entry for entry in planned if block < entry.blocks]
        random.Random(f"{seed}:{block}").shuffle(entries)
        slots += [
            Slot(block, position, entry, f"{seed}:{block}:{entry.case.id}")
            for position, entry in enumerate(entries)
        ]
    return slots
