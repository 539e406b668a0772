"""Which cell is quickest in a case, and by how much: from estimates and comparisons.

Every stack is there with its quickest cell of one promise, in one language. Two cells have
the verdict of their comparison. Cells that were not compared have a ratio of medians, and
no verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.analysis.compared_rows import Comparison
from bench.analysis.estimates import headline_measure
from bench.analysis.rows import Estimate, grouped, in_one_language, of_most_alike
from bench.analysis.stats import Verdict

OPPOSITE = {Verdict.FASTER: Verdict.SLOWER, Verdict.SLOWER: Verdict.FASTER}


@dataclass(frozen=True)
class Rival:
    """A stack's quickest cell beside the leader.

    ``ratio`` is its time over the leader's, with interval; bounds are nan where the two
    were not compared, or in too few blocks. ``verdict`` is on the rival, None of two that
    were not compared.
    """

    row: Estimate
    ratio: float
    low: float
    high: float
    confidence: float
    blocks_done: int
    verdict: Verdict | None

    @property
    def behind(self) -> bool:
        """Whether a comparison shows that it is slower than the leader."""
        return self.verdict == Verdict.SLOWER


@dataclass(frozen=True)
class Race:
    """One case: the quickest cell of all, and that of every other stack."""

    name: str
    placement: str
    leader: Estimate
    rivals: list[Rival]

    @property
    def decided(self) -> bool:
        return all(rival.behind for rival in self.rivals)


def time_of(row: Estimate) -> float:
    """Return what is compared of an estimate: a time, less is better."""
    return 1 / row.value if row.measure == "rate" else row.value


def entrants(rows: Iterable[Estimate]) -> list[Estimate]:
    """Return the rows that may lead: of one promise, no null stack, no A/A copy."""
    kept = in_one_language(
        row
        for row in rows
        if row.measure == headline_measure(row.case)
        and not (row.case.copy or row.case.floor)
        and row.value > 0
    )
    led = {
        row.case.id
        for mine in grouped(kept, lambda row: row.case.name).values()
        for row in of_most_alike(mine)
    }
    return [row for row in kept if row.case.id in led]


def _rival(compared: Iterable[Comparison], leader: Estimate, row: Estimate) -> Rival:
    name, mine, first = row.case.name, row.case.key, leader.case.key
    for pair in compared:
        times, said = pair.times, pair.verdict
        sure = times.confidence, times.blocks_done
        if pair.identity == (name, mine, first):
            return Rival(row, times.ratio, times.low, times.high, *sure, said)
        if pair.identity == (name, first, mine):
            low, high, ratio = 1 / times.high, 1 / times.low, 1 / times.ratio
            return Rival(row, ratio, low, high, *sure, OPPOSITE.get(said, said))
    ratio = time_of(row) / time_of(leader)
    return Rival(row, ratio, math.nan, math.nan, math.nan, 0, None)


def race(rows: Iterable[Estimate], compared: Sequence[Comparison]) -> Race | None:
    """Return the race of one case's estimates, None without two stacks."""
    best: dict[str, Estimate] = {}
    for row in sorted(entrants(rows), key=time_of):
        best.setdefault(row.case.stack, row)
    if len(best) < 2:
        return None
    leader, *others = best.values()
    rivals = [_rival(compared, leader, row) for row in others]
    return Race(leader.case.name, leader.case.placement, leader, rivals)


def races(
    rows: Iterable[Estimate], compared: Sequence[Comparison], names: Iterable[str]
) -> list[Race]:
    """Return the races of these cases, in their order, those that have any."""
    by_name = grouped(rows, lambda row: row.case.name)
    found = (race(by_name.get(name, ()), compared) for name in names)
    return [made for made in found if made is not None]
