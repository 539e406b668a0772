"""The rule by which two runs agree on a declared comparison: pure functions."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from bench.analysis.compared_rows import Comparison
from bench.analysis.stats import Interval, Verdict, verdict

Result = Literal["agrees", "disagrees", "cannot tell"]
RESULTS: tuple[Result, ...] = ("agrees", "disagrees", "cannot tell")


@dataclass(frozen=True)
class Finding:
    """The result of one run for a declared comparison.

    ``low`` and ``high`` bound the ratio of times a/b, nan where ``blocks`` are too few.
    ``in_doubt`` is whether A/A copies failed that differ as much as the interval tells.
    """

    low: float
    high: float
    verdict: Verdict
    blocks: int
    in_doubt: bool = False

    @classmethod
    def of(cls, pair: Comparison) -> Finding:
        times = pair.times
        undecided = pair.verdict == Verdict.INCONCLUSIVE
        in_doubt = bool(pair.copies) and (undecided or not pair.stands)
        done = times.blocks_done
        return cls(times.low, times.high, pair.verdict, done, in_doubt)

    @property
    def decided(self) -> bool:
        return self.verdict != Verdict.INCONCLUSIVE

    @property
    def too_few_blocks(self) -> bool:
        return math.isnan(self.low)


@dataclass(frozen=True)
class Agreement:
    """A result with its reason; ``overlap`` is whether the intervals do, None without."""

    result: Result
    reason: str
    overlap: bool | None = None


def possible(found: Finding) -> set[Verdict]:
    """Return the verdicts that an interval does not rule out on the ratio's true value.

    A verdict that was reached rules out the others. An undecided interval has an end on
    either side of an end of the margin, so that ``equivalent`` always remains.
    """
    if found.decided:
        return {found.verdict}
    ends = found.low, found.high
    return {
        Verdict.EQUIVALENT,
        *(verdict(Interval(end, end, end, 0.95, 1)) for end in ends),
    }


def _unfit(found: Finding, where: str) -> str:
    """Return why the finding of a run neither confirms nor contradicts, '' if it does."""
    if found.too_few_blocks:
        said = f"{found.blocks} block{'s' * (found.blocks != 1)} {where}"
        return f"{said}: too few for an interval"
    return f"A/A copies {where} differ as much" if found.in_doubt else ""


def agreement(there: Finding, here: Finding) -> Agreement:
    """Return whether the result of a declared comparison in one run holds in another.

    The result is a verdict, with the interval that it rests on. The rule treats both runs
    alike, and inverting the ratio of both changes nothing:

    * Without an interval on either side (too few blocks): **cannot tell**.
    * With a verdict on either side that failed A/A copies put in doubt: **cannot tell**. It
      neither confirms the other one nor contradicts it.
    * Both decided: **agrees** if the verdicts are the same, else **disagrees**. Different
      verdicts have intervals that exclude each other, so this takes no further test.
      Agreement is on the verdict, not on the size of the ratio: how much faster depends
      on the machine. If the intervals do not overlap, the reason has "another ratio".
    * Both undecided: **agrees** if the intervals overlap: neither run has an answer.
      Otherwise **cannot tell**: the ratios are unlike, but no run contradicts the other.
    * One decided, one not: **disagrees** if the undecided interval rules the other's
      verdict out. "Not faster" contradicts "faster", although it leaves open whether it is
      equivalent or slower. Otherwise **cannot tell**: more or quieter blocks might give
      the missing verdict. Intervals that exclude each other are no disagreement as long as
      one verdict may be true of both.
    """
    for where, found in (("there", there), ("here", here)):
        if why := _unfit(found, where):
            return Agreement("cannot tell", why)
    overlap = there.low <= here.high and here.low <= there.high
    apart = "" if overlap else ", another ratio"
    if there.decided and here.decided:
        if there.verdict == here.verdict:
            return Agreement("agrees", f"same verdict{apart}", overlap)
        return Agreement("disagrees", "contrary verdicts", overlap)
    if not (there.decided or here.decided):
        both: Result = "agrees" if overlap else "cannot tell"
        return Agreement(both, f"both undecided{apart}", overlap)
    undecided = "there" if here.decided else "here"
    if possible(there) & possible(here):
        return Agreement("cannot tell", f"undecided {undecided}", overlap)
    reason = f"the interval {undecided} rules the verdict out"
    return Agreement("disagrees", reason, overlap)
