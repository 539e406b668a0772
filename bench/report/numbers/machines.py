"""The entries of comparisons with what each machine of the published set found.

``machines`` has a row for each run of the set that measured both programs, the leading run
first: the keys of ``OF_A_RUN``, and ``cpu``, ``profile`` and ``measured`` (how).
``over_machines`` has the groups of machines with one verdict, by the rule of
``bench.analysis.machines``. Its ``machines`` are the names of their runs, and ``value`` is
null where their intervals have no point in common. ``least`` and ``greatest`` are ratios of
times, ``ci_low`` and ``ci_high`` are the hull. Machines without an interval are in no
group. ``sentence_over_machines`` says the same in words. The entry itself stays that of the
leading run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.analysis.machines import Group, Held, groups
from bench.analysis.side import Side
from bench.analysis.stats import Verdict
from bench.report.entries import OF_A_RUN
from bench.report.numbers.number import plain
from bench.report.numbers.numbers import comparisons_of
from bench.report.sections import over_machines

Entry = dict[str, Any]


def over(entries: Iterable[Entry], leading: Side, beside: Sequence[Side]) -> list[Entry]:
    """Return the leading run's entries, with the other machines' beside each comparison."""
    compared = {entry["id"] for entry in comparisons_of(leading.run, leading.compared)}
    elsewhere = [
        (side, {e["id"]: e for e in comparisons_of(side.run, side.compared)})
        for side in beside
    ]
    made = []
    for entry in entries:
        if entry["id"] not in compared or not beside:
            made.append(entry)
            continue
        rows = [_row(leading, entry)]
        rows += [
            _row(side, {**theirs[entry["id"]], "grade": side.grade.letter})
            for side, theirs in elsewhere
            if entry["id"] in theirs
        ]
        whole = {**entry, "machines": rows, "over_machines": grouped_rows(rows)}
        made.append({**whole, "sentence_over_machines": over_machines.sentence(whole)})
    return made


def grouped_rows(rows: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """Return the groups of machines with one verdict, of their rows."""
    told = [row for row in rows if row["ci_low"] is not None]
    held = [
        Held(row["value"], row["ci_low"], row["ci_high"], Verdict(row["verdict"]))
        for row in told
    ]
    names = [str(row["run"]) for row in told]
    return [_group(group, names) for group in groups(held)]


def _row(side: Side, entry: Mapping[str, Any]) -> Entry:
    about = side.about
    return {
        **{name: entry[name] for name in OF_A_RUN},
        "cpu": about["machine"]["cpu"],
        "profile": about["profile"],
        "measured": "in turns" if side.run.ensembles else "in single trials",
    }


def _group(group: Group, names: Sequence[str]) -> Entry:
    return {
        "verdict": group.verdict,
        "machines": [names[number] for number in group.machines],
        "value": None if group.ratio is None else plain(group.ratio),
        "least": group.least,
        "greatest": group.greatest,
        "ci_low": group.low,
        "ci_high": group.high,
    }
