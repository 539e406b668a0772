"""A case of two runs beside its reference: an unchanged program that took turns with it.

The machine is not as fast in one run as in another, and every time changes with it. In each
round of a run the reference met the same machine as the case. So the case is divided by the
reference in each round, and a block has the median of its rounds. Any change that is left
is that of the program, unless the reference changed too.

The other unchanged programs show whether it did, or whether the machine now slows some
programs more than others: they are divided by the same reference, and should not change.
The **noise** is how far from 1 those may be that are faster or slower. It is 0 if none is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.analysis.paired import paired
from bench.analysis.results import Run
from bench.analysis.rounds import BLOCKS_MIN
from bench.analysis.stats import (
    Interval,
    Verdict,
    noise_half_width,
    unpaired_ratio,
    verdict,
)
from bench.contract.rows import CaseRow

CHANGED = (Verdict.SLOWER, Verdict.FASTER)


@dataclass(frozen=True)
class Referred:
    """The change of a case over its ``reference``, as ``stats.unpaired_ratio`` has it.

    ``checks`` is how many programs the noise is of.
    """

    reference: CaseRow
    ratio: Interval
    noise: float
    checks: int


def noise_of(checks: Sequence[Interval]) -> float:
    """Return how far the ratios that are certainly not 1 may lie from it: 0.03 for 3 %."""
    # By chance, one of many wide intervals excludes 1. Its far end would hide changes.
    moved = [check for check in checks if verdict(check) in CHANGED]
    return max(map(noise_half_width, moved), default=0.0)


class References:
    """Finds the reference of each case. ``unchanged`` cases are the same in both runs."""

    def __init__(self, here: Run, there: Run, unchanged: Sequence[CaseRow]) -> None:
        self._runs = here, there
        self._unchanged = unchanged
        self._known: dict[tuple[str, str], Interval | None] = {}

    def of(self, case: CaseRow) -> Referred | None:
        """Return the change of a case over its reference, None if it has none.

        That is the program beside which the case scattered least in the run there, of those
        that took turns with it in both runs. The run here has no part in the choice.
        """
        beside = [
            other
            for other in self._unchanged
            if other.name == case.name and other.cell != case.cell
        ]
        ratios = {other: ratio for other in beside if (ratio := self._ratio(case, other))}
        if not ratios:
            return None
        there = self._runs[1]
        reference = min(ratios, key=lambda other: _scatter(there, case.id, other.id))
        checks = [
            check
            for other in beside
            if other.cell != reference.cell and (check := self._ratio(other, reference))
        ]
        return Referred(reference, ratios[reference], noise_of(checks), len(checks))

    def _ratio(self, case: CaseRow, reference: CaseRow) -> Interval | None:
        key = case.id, reference.id
        if key not in self._known:
            self._known[key] = _ratio(*self._runs, *key)
        return self._known[key]


def _scatter(run: Run, case: str, reference: str) -> float:
    """Return the standard error over blocks of the log of a case over a reference.

    It is infinite with fewer than ``BLOCKS_MIN`` blocks, which scatter little by chance.
    """
    found = paired(run, case, reference)
    if found is None or len(found.logs) < BLOCKS_MIN:
        return math.inf
    return float(np.std(found.logs, ddof=1)) / math.sqrt(len(found.logs))


def _ratio(here: Run, there: Run, case: str, reference: str) -> Interval | None:
    """Return a case over its reference here over the same there, None without turns."""
    mine, theirs = (paired(run, case, reference) for run in (here, there))
    if mine and theirs and mine.in_turns and theirs.in_turns:
        return unpaired_ratio(np.exp(mine.logs), np.exp(theirs.logs))
    return None
