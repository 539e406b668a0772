"""Fitting a plan into a time: which cases go first, and what never goes.

The plan's own order is the order of importance, so that its last case goes first. What
claims rest on (their cells and A/A twins) and the null stack stay. If that is still too
much, all blocks are cut down to the least that have an interval, never below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench import archive as archives
from bench.archive import Archive
from bench.claims import Claim, claims_of, rests_on
from bench.contract import Case
from bench.errors import UsageError
from bench.manifest import BUDGET
from bench.plan import BLOCKS_MIN, Planned
from bench.progress import console

Cost = Callable[[Sequence[Planned]], float]
"""Returns how many seconds a plan will take."""


@dataclass(frozen=True)
class Trimmed:
    """A plan that fits, and the ids of the cases that were left out for that."""

    planned: list[Planned]
    left_out: list[str]


def stays(case: Case, claims: set[Claim]) -> bool:
    """Say whether a case is never left out."""
    return case.cell.is_floor or rests_on(case.name, case.twin, case.cell.key, claims)


def trim(
    planned: Sequence[Planned], claims: set[Claim], budget_s: float, cost_s: Cost
) -> Trimmed:
    """Return as much of a plan as fits into ``budget_s`` seconds.

    Raises UsageError where not even the claims fit, with how long they take.
    """
    kept = list(planned)
    left_out: list[str] = []
    for entry in reversed(planned):
        if cost_s(kept) <= budget_s:
            return Trimmed(kept, left_out)
        if not stays(entry.case, claims):
            kept.remove(entry)
            left_out.append(entry.case.id)
    if cost_s(kept) > budget_s:
        kept = [replace(e, blocks=min(e.blocks, BLOCKS_MIN)) for e in kept]
    if (least_s := cost_s(kept)) > budget_s:
        raise UsageError(
            f"the claims alone take {least_s / 60:.1f} minutes with {BLOCKS_MIN} blocks: "
            f"give a --budget of at least {least_s / 60 + 0.1:.1f}"
        )
    return Trimmed(kept, left_out)


def within_budget(
    archive: Archive, planned: Sequence[Planned], cost_s: Cost
) -> list[Planned]:
    """Return as much of a run's plan as fits into the budget of its run.json.

    All of it where there is none; of a resumed run, what was left at first. Raises as
    ``trim``.
    """
    about = archive.about()
    if BUDGET not in about:
        return list(planned)
    kept = archive.read(archives.TRIMMED)
    if kept is None:
        made = trim(planned, claims_of(about), 60 * float(about[BUDGET]), cost_s)
        kept = {entry.case.id: entry.blocks for entry in made.planned}
        kept |= dict.fromkeys(made.left_out, 0)
        archive.write(archives.TRIMMED, kept)
        if made.left_out:
            console.print(f"cases left out to keep the budget: {len(made.left_out)}")
    return [replace(e, blocks=kept[e.case.id]) for e in planned if kept[e.case.id]]
