"""The order of a run: block by block, and in each block every set once.

The sets of a block are shuffled by the printed seed. The first block of every set comes
before the second of any. A neighbour on the machine who stays for a while then meets one
block of many sets, and not many blocks of one.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from bench.run.declared import Declared
from bench.run.plan import Planned
from bench.run.sets import sets_of, takes_turns


def block_name(block: int, repeat: int) -> str:
    """Return how files name a block: ``b03``, and ``b03r1`` for a repetition in it."""
    return f"b{block:02d}" + (f"r{repeat}" if repeat else "")


@dataclass(frozen=True)
class Slot:
    """One place in the schedule. ``rng`` seeds everything else that is random in its trial.

    ``repeat`` is 0. If a case is in several ensembles of its set, it counts them.
    """

    block: int
    position: int
    planned: Planned
    seed: str
    repeat: int = 0

    @property
    def name(self) -> str:
        """The name of the block in files: ``b03``, and ``b03r1`` for a repetition in it."""
        return block_name(self.block, self.repeat)

    @property
    def key(self) -> tuple[str, int, int]:
        """By what an archive knows the outcome of this slot."""
        return self.planned.case.id, self.block, self.repeat

    def rng(self) -> random.Random:
        return random.Random(self.seed)


@dataclass(frozen=True)
class Batch:
    """Slots of one block that are measured together: in turns, or a single one alone."""

    slots: tuple[Slot, ...]

    @property
    def block(self) -> int:
        return self.slots[0].block

    @property
    def in_turns(self) -> bool:
        return takes_turns(self.slots[0].planned.case)

    def rng(self) -> random.Random:
        return random.Random(":".join(slot.seed for slot in self.slots))


def batches(
    planned: Sequence[Planned],
    seed: int,
    first: int = 0,
    declared: Collection[Declared] = (),
    memory: int | None = None,
) -> list[Batch]:
    """Return what a run measures, in the order in which it is to be measured.

    The same cases and seed give the same order. A case with fewer blocks than others is in
    the first ones. Blocks before ``first`` are left out. By ``declared``, some programs
    are in all ensembles of a set that has to be cut. ``memory`` is as of ``sets_of``.
    """
    made: list[Batch] = []
    for block in range(first, max((entry.blocks for entry in planned), default=0)):
        sets = sets_of([e for e in planned if block < e.blocks], declared, memory)
        random.Random(f"{seed}:{block}").shuffle(sets)
        seen: dict[str, int] = {}
        position = 0
        for entries in sets:
            slots = []
            for entry in entries:
                case = entry.case.id
                repeat = seen[case] = seen.get(case, -1) + 1
                again = f":{repeat}" if repeat else ""
                slot_seed = f"{seed}:{block}:{case}{again}"
                slots.append(Slot(block, position, entry, slot_seed, repeat))
                position += 1
            made.append(Batch(tuple(slots)))
    return made


def slots_of(made: Iterable[Batch]) -> list[Slot]:
    """Return the slots of batches, in order."""
    return list(chain.from_iterable(batch.slots for batch in made))


def schedule(planned: Sequence[Planned], seed: int, first: int = 0) -> list[Slot]:
    """Return the slots of ``batches``, in order."""
    return slots_of(batches(planned, seed, first))
