"""reports/operating_curve.json, and what is counted in it: pure functions of the document.

Every count is of events that share no run within it: pairs, or A/A copies, or runs. Then
the binomial intervals are exact. Counts of different amounts of work are of the same runs,
and are not independent of each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.analysis.inference import count_range, share_interval
from bench.analysis.stats import Verdict
from bench.surveys import document
from bench.surveys.operating_curve.series import BETWEEN_RUNS, CHANGED_KEY

FILE = "operating_curve.json"
FORMAT = 1
DIFFERENT = (Verdict.FASTER, Verdict.SLOWER)
ALARMS_MAX, FOUND_MIN, DIFFERENT_MAX = 0.05, 0.9, 0.01
"""The aims: false alarms and findings of ``compare``, and equals called different."""
QUICK_MORE, STANDARD_MORE = 10, 3
"""The work, in per cent, that a run of each profile is to find."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Share:
    """How often something was seen, and the exact 95 % interval of its share."""

    found: int
    of: int

    @property
    def interval(self) -> tuple[float, float]:
        return share_interval(self.found, self.of)

    @classmethod
    def where(cls, seen: Iterable[bool]) -> Share:
        every = list(seen)
        return cls(sum(every), len(every))


@dataclass(frozen=True)
class Excluding:
    """How many intervals of identical programs exclude 1, and the range by chance.

    Each excludes it in 1 - confidence of all cases; ``least`` to ``most`` has 95 %.
    """

    found: int
    of: int
    least: int
    most: int


@dataclass(frozen=True)
class Step:
    """One point of the curve: how often ``compare`` found so much more work.

    ``more`` is in per cent; with 0 a finding is a false alarm. ``ratio`` is what the work
    was within runs, the median. ``alone`` counts the pairs without a neighbour, and
    ``beside`` those that had one in a run. ``joined`` counts pairs of runs with twice the
    blocks.
    """

    more: int
    ratio: float
    every: Share
    alone: Share
    beside: Share
    joined: Share


def read(path: Path) -> dict[str, Any] | None:
    """Return the document, or None if there is none. Raises ResultsError if damaged."""
    return document.read(path, _examine, "operating-curve")


def _examine(found: Row) -> None:
    rows = found["rows"]
    _ = *curve(rows, found["joined"]), different(rows), excluding(rows), found_by_run(rows)
    _ = found_by_two(rows), found["started"], found["machine"]["cpu"], found["left_out"]


def curve(rows: Sequence[Row], joined: Sequence[Row]) -> list[Step]:
    """Return the operating curve: false alarms, then each amount of work."""
    return [_step(rows, joined, more) for more in (0, *BETWEEN_RUNS)]


def _step(rows: Sequence[Row], joined: Sequence[Row], more: int) -> Step:
    def share(those: Iterable[Row]) -> Share:
        return Share.where(_is_found(row, more) for row in those)

    within = [each["work"][str(more)]["ratio"] for each in _runs(rows)] if more else [1.0]
    return Step(
        more,
        median(within) if within else float("nan"),
        share(rows),
        share(row for row in rows if not any(row["busy"])),
        share(row for row in rows if any(row["busy"])),
        share(joined),
    )


def _is_found(row: Row, more: int) -> bool:
    if not more:
        return bool(row["alarms"])
    return bool(row["changed"][str(more)]["verdict"] == Verdict.SLOWER)


def _runs(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        yield from row["within"].values()


def _identical(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield each comparison of a program with itself: no two of them share both sides.

    They are the A/A copies of each run, and one program in both runs of each pair.
    """
    for row in rows:
        for run in row["within"].values():
            yield from run["copies"]
        yield from (each for each in row["same"] if each["program"] == CHANGED_KEY)


def different(rows: Iterable[Row]) -> Share:
    """Return how many identical programs were called faster or slower."""
    return Share.where(each["verdict"] in DIFFERENT for each in _identical(rows))


def excluding(rows: Iterable[Row]) -> Excluding:
    """Return how many intervals of identical programs exclude 1."""
    known = [each for each in _identical(rows) if each["low"] is not None]
    found = sum(not each["low"] <= 1 <= each["high"] for each in known)
    least, most = count_range([1 - each["confidence"] for each in known])
    return Excluding(found, len(known), least, most)


def found_by_run(rows: Iterable[Row], more: int = QUICK_MORE) -> Share:
    """Return how many runs call the program with more work slower than the original."""
    said = (run["work"][str(more)]["verdict"] for run in _runs(rows))
    return Share.where(verdict == Verdict.SLOWER for verdict in said)


def found_by_two(rows: Iterable[Row], more: int = STANDARD_MORE) -> Share:
    """Return in how many pairs the blocks of both runs tell more work from none."""
    lows = (row["both"][str(more)]["low"] for row in rows)
    return Share.where(low is not None and low > 1 for low in lows)
