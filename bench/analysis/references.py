"""A case of two runs beside its reference: an unchanged program that took turns with it.

The machine is not as fast in one run as in another, and every time changes with it. In each
round of a run the reference met the same machine as the case. So the case is divided by the
reference in each round, and a block has the median of its rounds. Any change that is left
is that of the program, unless the reference changed too.

The other unchanged programs show whether it did, or whether the machine now slows some
programs more than others: they are divided by the same reference, and should not change.
The **noise** is how far the interval of any of them lies from 1. It is 0 if all cover 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bench.analysis.paired import paired
from bench.analysis.results import Run
from bench.analysis.stats import Interval, unpaired_ratio
from bench.contract.alike import BASELINE, MINIMAL, SUBJECT, alike
from bench.contract.rows import CaseRow


@dataclass(frozen=True)
class Referred:
    """The change of a case over its ``reference``, as ``stats.unpaired_ratio`` has it.

    ``checks`` is how many programs the noise is of.
    """

    reference: CaseRow
    ratio: Interval
    noise: float
    checks: int


def moved(found: Interval) -> float:
    """Return how far from 1 an interval of ratios lies: 0.03 for 3 %, 0 if it covers 1."""
    return max(found.low, 1 / found.high if found.high > 0 else 0.0, 1.0) - 1


class References:
    """Finds the reference of each case. ``unchanged`` cases are the same in both runs."""

    def __init__(self, here: Run, there: Run, unchanged: Sequence[CaseRow]) -> None:
        self._runs = here, there
        self._unchanged = unchanged
        self._known: dict[tuple[str, str], Interval | None] = {}

    def of(self, case: CaseRow) -> Referred | None:
        """Return the change of a case over its reference, None if it has none.

        That is the first program that took turns with the case in both runs. No result
        decides the order: programs that may be compared with it, then those of its
        language, of the baseline, of the talk's subject, minimal ones.
        """
        beside = [
            other
            for other in self._unchanged
            if other.name == case.name and other.cell != case.cell
        ]
        for reference in sorted(beside, key=lambda other: _order(case, other)):
            ratio = self._ratio(case, reference)
            if ratio:
                found = [
                    moved(check)
                    for other in beside
                    if other.cell != reference.cell
                    and (check := self._ratio(other, reference))
                ]
                return Referred(reference, ratio, max(found, default=0.0), len(found))
        return None

    def _ratio(self, case: CaseRow, reference: CaseRow) -> Interval | None:
        key = case.id, reference.id
        if key not in self._known:
            self._known[key] = _ratio(*self._runs, *key)
        return self._known[key]


def _order(case: CaseRow, other: CaseRow) -> tuple[bool, ...]:
    return (
        not alike(case, other),
        other.language != case.language,
        other.stack != BASELINE,
        other.stack != SUBJECT,
        other.variant != MINIMAL,
    )


def _ratio(here: Run, there: Run, case: str, reference: str) -> Interval | None:
    """Return a case over its reference here over the same there, None without turns."""
    mine, theirs = (paired(run, case, reference) for run in (here, there))
    if mine and theirs and mine.in_turns and theirs.in_turns:
        return unpaired_ratio(np.exp(mine.logs), np.exp(theirs.logs))
    return None
