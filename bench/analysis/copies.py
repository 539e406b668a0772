"""A/A copies: a check of a run, and no threshold of its verdicts.

A copy is the same program under a second name, so its ratio to the original is 1. Any
interval of that ratio excludes 1 at times: one of 95 % does so in 5 % of runs. A run
therefore is judged by all its copies together.

* A **copy fails** if the signed-rank test rejects 1 after Holm's correction for the number
  of copies, or if the whole interval lies beyond the margin. Correct copies fail the first
  in at most 1 % of runs, and hardly ever the second, which needs no correction.
* A **run fails** if more intervals exclude 1 than chance allows, with the same error.

A verdict stays as it is beside a copy that failed, and is shown with a caution. It
**stands** if its interval also exceeds the far end of the interval of that copy.

The interval of a comparison already covers what its own programs and blocks vary. So a wide
interval of a copy is no reason to doubt another ratio. It only makes the check coarse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.analysis.compared_rows import Check, Copy
from bench.analysis.inference import count_pmf, holm
from bench.analysis.paired import compare
from bench.analysis.results import Run
from bench.analysis.stats import Interval, Verdict, verdict
from bench.contract.rows import CaseRow

ERROR = 0.01
"""In how many runs at most each rule fails copies of a correct harness.

Eight blocks have no p so small among several copies. There the margin fails a copy.
"""
APART = (Verdict.FASTER, Verdict.SLOWER)


def copies_of(run: Run) -> list[Copy]:
    """Return the A/A copies of a run that have an original, in the order of its plan."""
    found = []
    for case in run.cases.values():
        original = run.cases.get(case.original_id) if case.copy else None
        times = compare(run, case.id, original.id) if original else None
        if original and times:
            found.append(Copy(case, original, times, Check.NONE))
    known = [copy.times for copy in found if not copy.times.too_few_blocks]
    adjusted = iter(holm([times.p for times in known]))
    return [
        copy
        if copy.times.too_few_blocks
        else replace(copy, check=check(copy.times.interval, float(next(adjusted))))
        for copy in found
    ]


def check(found: Interval, adjusted_p: float) -> Check:
    """Return what the interval of a copy tells, with its p adjusted for all copies."""
    said = verdict(found)
    if said in APART or adjusted_p <= ERROR:
        return Check.FAILED
    return Check.PASSED if said == Verdict.EQUIVALENT else Check.COARSE


@dataclass(frozen=True)
class Excluding:
    """How many intervals of copies exclude 1, of how many, and the most by chance."""

    found: int
    copies: int
    most: int

    @property
    def too_many(self) -> bool:
        return self.found > self.most


def excluding(copies: Sequence[Copy]) -> Excluding:
    """Return how many of the intervals exclude 1; copies without an interval do not count.

    Each does so by chance in 1 - confidence of all runs. ``most`` is the least number that
    is exceeded in at most ``ERROR`` of them.
    """
    known = [copy for copy in copies if not copy.times.too_few_blocks]
    most = most_by_chance([1 - copy.times.confidence for copy in known])
    return Excluding(sum(map(excludes, known)), len(known), most)


def excludes(copy: Copy) -> bool:
    """Return whether the interval of a copy excludes 1, False if it has none."""
    return not copy.times.too_few_blocks and not copy.times.low <= 1 <= copy.times.high


def most_by_chance(chances: Sequence[float]) -> int:
    """Return the number of events that chance exceeds in at most ``ERROR`` of cases.

    ``chances`` are the probabilities of independent events. Copies share no process, and
    what they share of the machine drops out of their ratios.
    """
    above = 1 - np.cumsum(count_pmf(chances))
    return int(np.argmax(above <= ERROR))


def same_case(case: CaseRow) -> tuple[str | int, ...]:
    """Return what an A/A copy must share with a comparison to be a check of it."""
    return (
        case.workload,
        case.quantity,
        case.placement,
        case.size_bytes,
        case.transport,
    )


def beside(copies: Sequence[Copy], *cases: CaseRow) -> list[Copy]:
    """Return the copies that check cases which differ in their program alone.

    They are of the same stacks, or of any stack if these have none. For no case, all are
    returned.
    """
    if not cases:
        return list(copies)
    mine = [copy for copy in copies if same_case(copy.a) == same_case(cases[0])]
    stacks = {case.stack for case in cases}
    return [copy for copy in mine if copy.a.stack in stacks] or mine


def failed(copies: Sequence[Copy], *cases: CaseRow) -> tuple[Copy, ...]:
    """Return the copies that put a ratio of two cases, or a case, in doubt.

    They are those ``beside`` it that failed. If the run failed, they are all of it that
    exclude 1.
    """
    if excluding(copies).too_many:
        return tuple(copy for copy in copies if excludes(copy))
    return tuple(c for c in beside(copies, *cases) if c.check == Check.FAILED)


def checked(copies: Sequence[Copy], *cases: CaseRow) -> Check:
    """Return what the copies of a run tell of a ratio of two cases, or of a case."""
    if failed(copies, *cases):
        return Check.FAILED
    found = {copy.check for copy in beside(copies, *cases)}
    return next(
        (each for each in (Check.COARSE, Check.PASSED) if each in found), Check.NONE
    )
