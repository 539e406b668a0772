"""One comparison on several machines: one ratio, a range, or another winner.

Machines with the same verdict make a group. Where all intervals of a group have a point in
common, one ratio stands for it: the geometric mean, in which every machine counts alike.
Where they have none, the ratio is another one on each machine. A group then has the range
from its least ratio to its greatest. Either way the group's interval is the hull of the
intervals of its machines. The hull makes no claim about machines that were not measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import geometric_mean

from bench.analysis.rows import grouped
from bench.analysis.stats import Verdict

WON = (Verdict.FASTER, Verdict.SLOWER)


@dataclass(frozen=True)
class Held:
    """The finding of one machine: a ratio of times with its interval, and the verdict."""

    ratio: float
    low: float
    high: float
    verdict: Verdict


@dataclass(frozen=True)
class Group:
    """The machines with one verdict, as positions among all of them.

    ``ratio`` is None where their intervals have no point in common.
    """

    verdict: Verdict
    machines: tuple[int, ...]
    ratio: float | None
    least: float
    greatest: float
    low: float
    high: float


def groups(found: Sequence[Held]) -> list[Group]:
    """Return the groups of some machines: verdicts with a winner first, else in order."""
    by_verdict = grouped(range(len(found)), lambda number: found[number].verdict)
    made = [_group(verdict, found, mine) for verdict, mine in by_verdict.items()]
    return sorted(made, key=lambda group: group.verdict not in WON)


def contrary(found: Sequence[Group]) -> bool:
    """Say whether one machine's winner is another machine's loser."""
    return {group.verdict for group in found} >= set(WON)


def _group(verdict: Verdict, found: Sequence[Held], mine: Sequence[int]) -> Group:
    held = [found[number] for number in mine]
    ratios = [each.ratio for each in held]
    meet = max(each.low for each in held) <= min(each.high for each in held)
    return Group(
        verdict,
        tuple(mine),
        geometric_mean(ratios) if meet else None,
        min(ratios),
        max(ratios),
        min(each.low for each in held),
        max(each.high for each in held),
    )
