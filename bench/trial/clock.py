"""By how much the clock of one site is ahead of another's, as an interval."""

from __future__ import annotations

from typing import NamedTuple


class Offset(NamedTuple):
    """By how much a clock is ahead of another: between two bounds, in nanoseconds."""

    least_ns: int
    most_ns: int

    @property
    def ns(self) -> int:
        """The middle of the interval."""
        return (self.least_ns + self.most_ns) // 2

    @property
    def bound_ns(self) -> int:
        """By how much the middle may be wrong."""
        return -(-(self.most_ns - self.least_ns) // 2)


SAME_CLOCK = Offset(0, 0)


def between(before: Offset, after: Offset) -> Offset:
    """Return bounds that held all the time between two estimates.

    This takes for granted that the clocks drift one way in between. A drift makes the
    interval wider.
    """
    return Offset(min(before.least_ns, after.least_ns), max(before.most_ns, after.most_ns))
