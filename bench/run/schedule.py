"""The order of trials: in each block every case once, shuffled by the printed seed.

A flagged block is repeated whole, in a new order.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bench.run.environment import BlockEnvironment, spoiled_blocks
from bench.run.plan import Planned

REPEATED_MAX_SHARE = 0.2
"""How many trials may be repeated at most, as a share of those that were planned."""


def block_name(block: int, repeat: int) -> str:
    """Return how files name a block: ``b03``, and ``b03r1`` for its repetition."""
    return f"b{block:02d}" + (f"r{repeat}" if repeat else "")


@dataclass(frozen=True)
class Slot:
    """One place in the schedule. ``rng`` seeds everything else that is random in its trial.

    ``repeat`` is 0, or 1 in the repetition of a block.
    """

    block: int
    position: int
    planned: Planned
    seed: str
    repeat: int = 0

    @property
    def name(self) -> str:
        """The name of the block in files: ``b03``, and ``b03r1`` for its repetition."""
        return block_name(self.block, self.repeat)

    def rng(self) -> random.Random:
        return random.Random(self.seed)


def schedule(planned: Sequence[Planned], seed: int, first: int = 0) -> list[Slot]:
    """Return every trial of a run in the order in which it is to be made.

    The same cases and seed give the same order. A case with fewer blocks than others is in
    the first ones. Blocks before ``first`` are left out.
    """
    slots: list[Slot] = []
    for block in range(first, max((entry.blocks for entry in planned), default=0)):
        entries = [entry for entry in planned if block < entry.blocks]
        random.Random(f"{seed}:{block}").shuffle(entries)
        slots += [
            Slot(block, position, entry, f"{seed}:{block}:{entry.case.id}")
            for position, entry in enumerate(entries)
        ]
    return slots


def blocks_to_repeat(
    environment: Sequence[BlockEnvironment], slots: Sequence[Slot]
) -> list[int]:
    """Return the flagged blocks to repeat, in order.

    The environment of the first pass over these blocks decides, never a result. At most
    ``REPEATED_MAX_SHARE`` of all trials are repeated, the first flagged blocks first.
    """
    left = REPEATED_MAX_SHARE * len(slots)
    sizes = Counter(slot.block for slot in slots)
    chosen = []
    for block in spoiled_blocks([seen for seen in environment if seen.block in sizes]):
        size = sizes[block]
        if size <= left:
            chosen.append(block)
            left -= size
    return chosen


def repeats(slots: Sequence[Slot], blocks: Sequence[int]) -> list[Slot]:
    """Return the trials of these blocks once more, shuffled anew, with repeat 1."""
    found: list[Slot] = []
    for block in blocks:
        again = [slot for slot in slots if slot.block == block]
        random.Random(f"{again[0].seed}:again").shuffle(again)
        found += [
            Slot(block, position, slot.planned, f"{slot.seed}:again", repeat=1)
            for position, slot in enumerate(again)
        ]
    return found
