"""A comparison over the machines of the published set, in the words of all pages.

Entries that several machines may hold have ``machines``, a row for each, and
``over_machines``, the groups of machines with one verdict
(``bench.report.numbers.machines`` makes both). Any other entry is worded as one run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from bench.report import ratio, words
from bench.report.charts.findings import listed

Entry = Mapping[str, Any]
Marked = Callable[[str], str]
DEPENDS = "depends on the machine: "
NO_NAME = re.compile(r"\((?:R|TM)\)|\b(?:CPU|Processor)\b", re.IGNORECASE)
"""Words that vendors add to the name of a CPU."""


def cpu(name: str) -> str:
    """Return a CPU's name without what is no part of it: "Intel Xeon @ 2.80GHz"."""
    return " ".join(NO_NAME.sub(" ", name).split())


def count(entry: Entry) -> int:
    """Return on how many machines a ratio was measured often enough for an interval."""
    return sum(len(group["machines"]) for group in entry.get("over_machines", ()))


def finding(entry: Entry) -> str:
    """Return "ZeroMQ 11.0x to 25.1x faster (10.6-26.0) on 2 machines"."""
    return _joined(entry, interval=True) or ratio.finding(entry)


def short(entry: Entry, marked: Marked = lambda _: "") -> str:
    """Return the same without intervals, with a mark behind each number.

    ``marked`` makes the mark of a run, by its name.
    """
    if not count(entry):
        won = entry["verdict"] in ratio.DECIDED
        return f"{ratio.short(entry)}{marked(entry['run']) if won else ''}"
    return _joined(entry, interval=False, marked=marked)


def sentence(entry: Entry) -> str:
    """Return the finding over machines as a citation has it, '' without an interval."""
    return f"Over machines: {finding(entry)}" if count(entry) else ""


def note(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield which machines a table of ratios is about, nothing for those of one run."""
    rows = {
        row["run"]: f"{cpu(row['cpu'])} (run {row['run']}, {row['profile']}, "
        f"{row['measured']})"
        for entry in entries
        for row in entry.get("machines", ())
    }
    if rows:
        yield (
            f"Ratios are over {words.plural(len(rows), 'machine')}: "
            f"{listed(rows.values())}. A range has the least and the greatest ratio: the "
            "intervals do not overlap. Where they do, the ratio is the geometric mean. All "
            "other numbers are of the first run."
        )
        yield ""


def differs(entry: Entry) -> bool:
    """Say whether one machine's winner is another machine's loser."""
    found = {group["verdict"] for group in entry.get("over_machines", ())}
    return found >= set(ratio.DECIDED)


def _joined(entry: Entry, *, interval: bool, marked: Marked = lambda _: "") -> str:
    found = entry.get("over_machines", ())
    if len(found) == 1:
        mark = marked(entry["run"]) if found[0]["verdict"] in ratio.DECIDED else ""
        machines = f"{words.plural(count(entry), 'machine')}{mark}"
        return f"{_said(entry, found[0], interval=interval)} on {machines}"
    said = [
        f"{_said(entry, group, interval=interval, marked=marked)} on "
        f"{listed(_names(entry, group))}"
        for group in found
    ]
    return f"{DEPENDS if differs(entry) else ''}{', '.join(said)}"


def _names(entry: Entry, group: Entry) -> list[str]:
    names = {row["run"]: cpu(row["cpu"]) for row in entry["machines"]}
    return [names[run] for run in group["machines"]]


def _said(
    entry: Entry, group: Entry, *, interval: bool, marked: Marked = lambda _: ""
) -> str:
    """Return what a group of machines found: who is faster, or that they cannot tell."""
    if group["verdict"] not in ratio.DECIDED:
        said = words.ONE_WORD[group["verdict"]]
        ends = ratio.between(group["ci_low"], group["ci_high"])
        bounds = f" ({ratio.side(entry, 0)} {ends})"
        return f"{said}{bounds if interval else ''}"
    found = ratio.of_winner({**group, "value": group["value"] or group["least"]})
    times = found.times
    if not group["value"]:
        times = ratio.times((group["least"], group["greatest"]))
    ends = found.interval if interval else ""
    alone = len(group["machines"]) == 1  # several have no number that is of one run
    mark = marked(group["machines"][0]) if alone else ""
    of_it = [row for row in entry["machines"] if row["run"] in group["machines"]]
    said = f"{ratio.side(entry, found.winner)} {times}{mark} faster{ends}"
    return f"{said}{ratio.doubt(of_it)}"
