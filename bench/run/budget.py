"""Trim a plan to a time: which cases are dropped first, and which are never dropped.

The plan is in order of importance, so its last case is dropped first. The programs of
declared comparisons, their A/A copies and the null stack stay. If that is still too long,
the blocks are reduced to the smallest number that has an interval, and no further.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.contract.model import Case
from bench.errors import UsageError
from bench.run import archive as archives
from bench.run.archive import Archive
from bench.run.declared import Declared, declarations, rests_on
from bench.run.manifest import BUDGET
from bench.run.plan import BLOCKS_MIN, Planned
from bench.run.progress import console

Cost = Callable[[Sequence[Planned]], float]
"""Returns how many seconds a plan will take."""


@dataclass(frozen=True)
class Trimmed:
    """A plan that fits, and the ids of the cases that were left out for that."""

    planned: list[Planned]
    left_out: list[str]


def stays(case: Case, declared: set[Declared]) -> bool:
    """Return whether a case is never dropped."""
    return case.cell.is_floor or rests_on(case.name, case.copy, case.cell.key, declared)


def trim(
    planned: Sequence[Planned], declared: set[Declared], budget_s: float, cost_s: Cost
) -> Trimmed:
    """Return the part of a plan that fits into ``budget_s`` seconds.

    Raises UsageError if even the declared comparisons do not fit, with the time that they
    take.
    """
    kept = list(planned)
    left_out: list[str] = []
    for entry in reversed(planned):
        if cost_s(kept) <= budget_s:
            return Trimmed(kept, left_out)
        if not stays(entry.case, declared):
            kept.remove(entry)
            left_out.append(entry.case.id)
    if cost_s(kept) > budget_s:
        kept = [replace(e, blocks=min(e.blocks, BLOCKS_MIN)) for e in kept]
    if (least_s := cost_s(kept)) > budget_s:
        raise UsageError(
            f"the declared comparisons alone take {least_s / 60:.1f} minutes with "
            f"{BLOCKS_MIN} blocks; give a --budget of at least {least_s / 60 + 0.1:.1f}"
        )
    return Trimmed(kept, left_out)


def within_budget(
    archive: Archive, planned: Sequence[Planned], cost_s: Cost
) -> list[Planned]:
    """Return as much of a run's plan as fits into the budget of its run.json.

    Without a budget it is the whole plan. A resumed run keeps its first decision. Raises
    UsageError as ``trim`` does.
    """
    about = archive.about()
    if BUDGET not in about:
        return list(planned)
    kept = archive.read(archives.TRIMMED)
    if kept is None:
        made = trim(planned, declarations(about), 60 * float(about[BUDGET]), cost_s)
        kept = {entry.case.id: entry.blocks for entry in made.planned}
        kept |= dict.fromkeys(made.left_out, 0)
        archive.write(archives.TRIMMED, kept)
        if made.left_out:
            console.print(f"cases left out to keep the budget: {len(made.left_out)}")
    return [replace(e, blocks=kept[e.case.id]) for e in planned if kept[e.case.id]]
