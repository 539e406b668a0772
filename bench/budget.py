"""Fitting a plan into a time: which cases go first, and what never goes.

The plan's own order is the order of importance, so that its last case goes first. What
claims rest on (their cells and A/A twins) and the null stack stay. If that is still too
much, all blocks are cut down to the least that have an interval, never below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bench.claims import Claim
from bench.contract import Case
from bench.errors import UsageError
from bench.plan import BLOCKS_MIN, Planned

Cost = Callable[[Sequence[Planned]], float]
"""Returns how many seconds a plan will take."""


@dataclass(frozen=True)
class Trimmed:
    """A plan that fits, and the ids of the cases that were left out for that."""

    planned: list[Planned]
    left_out: list[str]


def stays(case: Case, claims: set[Claim]) -> bool:
    """Say whether a case is never left out."""
    name = case.name.removesuffix(f".twin{case.twin}")
    claimed = any(name == c[0] and case.cell.key in c[1:] for c in claims)
    return case.cell.is_floor or claimed


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
