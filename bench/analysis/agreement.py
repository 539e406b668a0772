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
    ``noise`` is the half-width that the verdict had to exceed (0.03 for 3 %, infinite
    without an A/A copy).
    """

    low: float
    high: float
    noise: float
    verdict: Verdict
    blocks: int

    @classmethod
    def of(cls, pair: Comparison) -> Finding:
        times = pair.times
        return cls(times.low, times.high, pair.noise, pair.verdict, times.blocks_done)

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

    A verdict that was reached rules out the others. An undecided interval is widened by
    the noise first: what the machine does to two identical programs it may have done to
    this ratio as well. The end of such an interval lies on either side of the margin, so
    that ``equivalent`` always remains.
    """
    if found.decided:
        return {found.verdict}
    ends = found.low / (1 + found.noise), found.high * (1 + found.noise)
    return {
        Verdict.EQUIVALENT,
        *(verdict(Interval(end, end, end, 0.95, 1)) for end in ends),
    }


def agreement(there: Finding, here: Finding) -> Agreement:
    """Return whether the result of a declared comparison in one run holds in another.

    The result is a verdict, with the interval that it rests on. The rule treats both runs
    alike, and inverting the ratio of both changes nothing:

    * Without an interval on either side (too few blocks): **cannot tell**.
    * Both decided: **agrees** if the verdicts are the same, else **disagrees**. Different
      verdicts have intervals that exclude each other, so this takes no further test.
      Agreement is on the verdict, not on the size of the ratio: how much faster depends
      on the machine. If the intervals do not overlap, the reason has "another ratio".
    * Both undecided: **agrees** if the intervals overlap: neither run has an answer.
      Otherwise **cannot tell**: the ratios are unlike, but no run contradicts the other.
    * One decided, one not: **disagrees** if the undecided interval, widened by the
      noise of its run, rules the other's verdict out. "Not faster" contradicts "faster",
      although it leaves open whether it is equivalent or slower. Otherwise **cannot
      tell**: the missing verdict is due to blocks or noise, and more or quieter ones
      might give it. Intervals that exclude each other are no disagreement as long as one
      verdict may be true of both.
    """
    for where, found in (("there", there), ("here", here)):
        if found.too_few_blocks:
            said = f"{found.blocks} block{'s' * (found.blocks != 1)} {where}"
            return Agreement("cannot tell", f"{said}: too few for an interval")
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
