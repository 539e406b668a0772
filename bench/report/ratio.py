"""A ratio as a reader takes it in: the winner first, at or above 1, with an x.

Data hold a ratio of times, first over second (``bench.analysis.comparisons``). Here 0.0864
of ZeroMQ over HTTP becomes "ZeroMQ 11.6x faster (11.0-11.7)". Pages, charts, citations,
README, the terminal and the talk have every ratio from here: none of them shows one below
1. A number has as many digits as its interval supports, and three at most.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from bench.contract.rows import case_named
from bench.report import words

Entry = Mapping[str, Any]
TO = "\N{EN DASH}"
DIGITS, WITHOUT_INTERVAL = 3, 2
"""The most digits of a ratio, and those of one without an interval."""
FAILED = "A/A check failed"
DECIDED = {"faster": 0, "slower": 1}
"""Which of a pair has won, by the verdict on the first."""
COMPILED = (
    "pyzmq, pycurl and uWSGI have compiled cores; requests and most of aiohttp are Python. "
    "A ratio between them compares that as much as it compares protocols."
)
ONE_MACHINE = (
    "A ratio holds for the machines and runs that measured it. Elsewhere the ratio of the "
    "same programs can be quite different, and a close comparison can turn round. Cite it "
    "with its machines and runs."
)


class Factor(NamedTuple):
    """By how much the winner of a pair, 0 or 1, is ahead: a ratio at or above 1.

    ``low`` and ``high`` bound it, nan with too few blocks.
    """

    winner: int
    ratio: float
    low: float = math.nan
    high: float = math.nan

    @property
    def _place(self) -> int:
        """The last decimal place that the interval supports: the second of its width."""
        first = math.floor(math.log10(self.ratio))
        if math.isnan(self.low):
            return first - WITHOUT_INTERVAL + 1
        half = (self.high - self.low) / 2
        supported = math.floor(math.log10(half)) - 1 if half else -math.inf
        return int(min(first, max(supported, first - DIGITS + 1)))

    def written(self, value: float) -> str:
        """Return a number as the ratio is written."""
        return f"{round(value, -self._place):,.{max(0, -self._place)}f}"

    @property
    def times(self) -> str:
        """The ratio with an x: "11.6x"."""
        return f"{self.written(self.ratio)}x"

    @property
    def interval(self) -> str:
        """The bounds: " (11.0-11.7)", or that there are none."""
        if math.isnan(self.low):
            return ", too few blocks"
        return f" ({self.written(self.low)}{TO}{self.written(self.high)})"

    @property
    def faster(self) -> str:
        return f"{self.times} faster{self.interval}"


def factor(
    ratio: float, low: float = math.nan, high: float = math.nan, winner: int | None = None
) -> Factor:
    """Return a ratio of times, first over second, as its winner has it."""
    won = int(ratio > 1) if winner is None else winner
    return Factor(1, ratio, low, high) if won else Factor(0, 1 / ratio, 1 / high, 1 / low)


def _bounds(entry: Entry) -> tuple[float, float]:
    low, high = entry["ci_low"], entry["ci_high"]
    return (math.nan, math.nan) if low is None or high is None else (low, high)


def of_winner(entry: Entry) -> Factor:
    """Return which of a pair took less time, and by how much."""
    return factor(entry["value"], *_bounds(entry), DECIDED.get(entry["verdict"]))


def of_first(ratio: float, low: float = math.nan, high: float = math.nan) -> str:
    """Return "1.30x slower (1.28-1.33)" of the first, or between what its interval lies."""
    if low <= 1 <= high:
        return between(low, high)
    found = factor(ratio, low, high)
    return f"{found.times} {('faster', 'slower')[found.winner]}{found.interval}"


def between(low: float, high: float) -> str:
    """Return "between 1.01x slower and 1.14x faster" of the first, by its interval."""
    said = [f"{times([end])} {'faster' if end <= 1 else 'slower'}" for end in (high, low)]
    if low < 1 < high:
        return f"between {' and '.join(said)}"
    way = "slower" if low >= 1 else "faster"
    return f"between {times([high])} and {times([low])} {way}"


def times(ratios: Iterable[float], digits: int = DIGITS) -> str:
    """Return "1.15x to 1.63x", or "1.15x" of ratios that are written alike.

    Below 1 it is how many times the second is the first: "28.8x" of 0.0347.
    """
    known = [max(ratio, 1 / ratio) for ratio in ratios]
    ends = (f"{words.number(end, digits=digits)}x" for end in (min(known), max(known)))
    return " to ".join(dict.fromkeys(ends))


def either(ratios: Sequence[float], digits: int = DIGITS) -> str:
    """Return by what the first is faster or slower over several ratios of times."""
    low, high = min(ratios), max(ratios)
    if low < 1 < high:
        return f"{times([high], digits)} slower to {times([low], digits)} faster"
    return f"{times(ratios, digits)} {'slower' if high > 1 else 'faster'}"


def more(ratio: float, digits: int = DIGITS) -> str:
    """Return a ratio of counts or sizes: "1.17x", and "1.08x less" of 0.926."""
    if ratio == 0:
        return "none"
    return f"{times([ratio], digits)}{' less' if ratio < 1 else ''}"


def side(entry: Entry, which: int) -> str:
    """Return the stack of one of a pair, its whole label where both are of that stack."""
    labels = [str(label) for label in entry["labels"]]
    first, second = map(words.stack_of, labels)
    return labels[which] if first == second else (first, second)[which]


def doubt(entries: Iterable[Entry]) -> str:
    """Return ", in doubt (A/A check failed)" if any verdict does not stand, else ''."""
    stands = all(entry.get("stands", True) for entry in entries)
    return "" if stands else f", in doubt ({FAILED})"


def finding(entry: Entry) -> str:
    """Return "ZeroMQ 11.6x faster (11.0-11.7)", or that the comparison cannot tell."""
    said = found(entry)
    if entry["verdict"] in DECIDED:
        return said
    return f"{words.ONE_WORD[entry['verdict']]}: {said}"


def found(entry: Entry) -> str:
    """Return the same without a verdict: "ZeroMQ between 1.01x slower and 1.14x faster"."""
    if entry["verdict"] in DECIDED:
        won = of_winner(entry)
        return f"{side(entry, won.winner)} {won.faster}{doubt([entry])}"
    if entry["ci_low"] is None:
        return "too few blocks"
    return f"{side(entry, 0)} {between(entry['ci_low'], entry['ci_high'])}"


def short(entry: Entry) -> str:
    """Return the same without the interval: "ZeroMQ 11.6x faster", "undecided"."""
    if entry["verdict"] in DECIDED:
        found = of_winner(entry)
        return f"{side(entry, found.winner)} {found.times} faster{doubt([entry])}"
    return words.ONE_WORD[entry["verdict"]]


def apart(entry: Entry) -> str:
    """Return "not compared (ZeroMQ: 20.6x less time)" of a ratio that has no verdict.

    Where its interval holds 1, or there is none, no stack is named as the one of less time.
    """
    low, high = _bounds(entry)
    if math.isnan(low):
        return "not compared (too few blocks)"
    if low <= 1 <= high:
        return f"not compared ({side(entry, 0)}: {between(low, high)})"
    found = of_winner(entry)
    return f"not compared ({side(entry, found.winner)}: {found.times} less time)"


def case(entry: Entry) -> str:
    """Return "Request/reply round trip, 64 B over tcp, 1 client, one CPU"."""
    return words.measured_case(case_named(entry["case"]))
