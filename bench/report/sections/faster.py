"""Ratios as a reader takes them in: the winner first, at or above 1, with an x.

Data hold a ratio of times, first over second (``bench.analysis.comparisons``). Here 0.0864
of ZeroMQ over HTTP becomes "ZeroMQ 11.6x faster (11.0-11.7)".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bench.analysis.stats import Verdict
from bench.contract.rows import case_named
from bench.report import words

Entry = Mapping[str, Any]
TO = "\N{EN DASH}"
DECIDED = {Verdict.FASTER: 0, Verdict.SLOWER: 1}
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
    """Which of a pair took less time, 0 or 1, and by how much: "11.6x", " (11.0-11.7)"."""

    winner: int
    times: str
    interval: str

    @property
    def faster(self) -> str:
        return f"{self.times} faster{self.interval}"


def _factor(winner: int, ratio: float, low: float | None, high: float | None) -> Factor:
    times = f"{words.number(ratio)}x"
    if low is None or high is None:
        return Factor(winner, times, ", too few blocks")
    ends = f"{words.number(low, ratio)}{TO}{words.number(high, ratio)}"
    return Factor(winner, times, f" ({ends})")


def of_winner(entry: Entry) -> Factor:
    """Return which of a pair took less time, and by how much."""
    value, low, high = entry["value"], entry["ci_low"], entry["ci_high"]
    if DECIDED.get(entry["verdict"], int(value > 1)) == 1:
        return _factor(1, value, low, high)
    if low is None or high is None:
        return _factor(0, 1 / value, None, None)
    return _factor(0, 1 / value, 1 / high, 1 / low)


def times(values: Sequence[float]) -> str:
    """Return "1.15x to 1.63x", or "1.15x" of values that are written alike."""
    ends = dict.fromkeys(f"{words.number(end)}x" for end in (min(values), max(values)))
    return " to ".join(ends)


def span(entry: Entry) -> str:
    """Return "between 1.01x slower and 1.14x faster" of the first, by the interval."""
    ends = [(1 / entry[end], "faster") for end in ("ci_high", "ci_low")]
    said = [f"{words.times(ratio)} {'slower' if ratio < 1 else way}" for ratio, way in ends]
    return f"between {' and '.join(said)}"


def side(entry: Entry, which: int) -> str:
    """Return the stack of one of a pair, its whole label where both are of that stack."""
    labels = [str(label) for label in entry["labels"]]
    first, second = map(words.stack_of, labels)
    return labels[which] if first == second else (first, second)[which]


def finding(entry: Entry) -> str:
    """Return "ZeroMQ 11.6x faster (11.0-11.7)", or that the comparison cannot tell."""
    if entry["verdict"] in DECIDED:
        found = of_winner(entry)
        return f"{side(entry, found.winner)} {found.faster}"
    why = "too few blocks"
    if entry["ci_low"] is not None:
        why = f"{side(entry, 0)} {span(entry)}"
    return f"{words.ONE_WORD[entry['verdict']]}: {why}"


def short(entry: Entry) -> str:
    """Return the same without the interval: "ZeroMQ 11.6x faster", "undecided"."""
    if entry["verdict"] in DECIDED:
        found = of_winner(entry)
        return f"{side(entry, found.winner)} {found.times} faster"
    return words.ONE_WORD[entry["verdict"]]


def apart(entry: Entry) -> str:
    """Return "not compared (ZeroMQ: 20.6x less time)" of a ratio that has no verdict.

    Where its interval holds 1, or there is none, no stack is named as the one of less time.
    """
    low, high = entry["ci_low"], entry["ci_high"]
    if low is None or high is None:
        return "not compared (too few blocks)"
    if low <= 1 <= high:
        return f"not compared ({side(entry, 0)}: {span(entry)})"
    found = of_winner(entry)
    return f"not compared ({side(entry, found.winner)}: {found.times} less time)"


def case(entry: Entry) -> str:
    """Return "Request/reply round trip, 64 B over tcp, 1 client, one CPU"."""
    return words.measured_case(case_named(entry["case"]))
