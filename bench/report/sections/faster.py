"""Ratios as a reader takes them in: the winner first, at or above 1, with an x.

Data hold a ratio of times, first over second (``bench.analysis.comparisons``). Here 0.0864
of ZeroMQ over HTTP becomes "ZeroMQ 11.6x faster (11.0-11.7)".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.analysis.stats import Verdict
from bench.contract.rows import CaseRow
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
    "A ratio holds for one machine and one run. Elsewhere the ratio of the same programs "
    "can be quite different, even if the verdict is the same. Cite it with its machine "
    "and run."
)


def times(ratio: float, low: float | None, high: float | None) -> str:
    """Return "11.6x faster (11.0-11.7)" of a ratio above 1 and its interval."""
    said = f"{words.number(ratio)}x faster"
    if low is None or high is None:
        return f"{said}, too few blocks"
    return f"{said} ({words.number(low, ratio)}{TO}{words.number(high, ratio)})"


def of_winner(entry: Entry) -> tuple[int, str]:
    """Return which of a pair took less time, 0 or 1, and by how much: see ``times``."""
    value, low, high = entry["value"], entry["ci_low"], entry["ci_high"]
    if DECIDED.get(entry["verdict"], int(value > 1)) == 1:
        return 1, times(value, low, high)
    if low is None or high is None:
        return 0, times(1 / value, None, None)
    return 0, times(1 / value, 1 / high, 1 / low)


def span(entry: Entry) -> str:
    """Return "between 1.01x slower and 1.14x faster" of the first, by the interval."""
    ends = [(1 / entry[end], "faster") for end in ("ci_high", "ci_low")]
    said = [
        f"{words.number(1 / ratio if ratio < 1 else ratio)}x "
        f"{'slower' if ratio < 1 else way}"
        for ratio, way in ends
    ]
    return f"between {' and '.join(said)}"


def stack(label: str) -> str:
    """Return "ZeroMQ" of "ZeroMQ (minimal)"."""
    return label.split(" (", maxsplit=1)[0]


def side(entry: Entry, which: int) -> str:
    """Return the stack of one of a pair, its whole label where both are of that stack."""
    labels = [str(label) for label in entry["labels"]]
    same = stack(labels[0]) == stack(labels[1])
    return labels[which] if same else stack(labels[which])


def finding(entry: Entry) -> str:
    """Return "ZeroMQ 11.6x faster (11.0-11.7)", or that the comparison cannot tell."""
    if entry["verdict"] in DECIDED:
        winner, said = of_winner(entry)
        return f"{side(entry, winner)} {said}"
    if entry["ci_low"] is None:
        return "undecided: too few blocks"
    verdict = "undecided" if entry["verdict"] == Verdict.INCONCLUSIVE else entry["verdict"]
    return f"{verdict}: {side(entry, 0)} {span(entry)}"


def short(entry: Entry) -> str:
    """Return the same without the interval: "ZeroMQ 11.6x faster", "undecided"."""
    return finding(entry).split(": " if entry["verdict"] not in DECIDED else " (")[0]


def apart(entry: Entry) -> str:
    """Return "not compared (ZeroMQ: 20.6x less time)" of a ratio that has no verdict.

    Where its interval holds 1, or there is none, nobody is named as the one of less time.
    """
    low, high = entry["ci_low"], entry["ci_high"]
    if low is None or high is None:
        return "not compared (too few blocks)"
    if low <= 1 <= high:
        return f"not compared ({side(entry, 0)}: {span(entry)})"
    winner, said = of_winner(entry)
    times_less = said.split(" ", maxsplit=1)[0]
    return f"not compared ({side(entry, winner)}: {times_less} less time)"


def case(entry: Entry) -> str:
    """Return "Request/reply round trip, 64 B over tcp, 1 client, one CPU"."""
    workload, quantity, size, transport, _, placement, *load = str(entry["case"]).split(".")
    row = CaseRow(
        workload=workload, quantity=quantity, name=entry["case"],
        size_bytes=int(size.removesuffix("B")), transport=transport,
        placement=placement, load=load[0] if load else "",
    )  # fmt: skip
    return words.measured_case(row)
