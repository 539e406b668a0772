"""Titles that say what a chart found, computed from verdicts and medians."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from bench.charts import words
from bench.charts.outcomes import tier_order
from bench.charts.style import Look
from bench.comparisons import in_one_language, stack_order
from bench.frames import records
from bench.leaders import Race, entrants, races
from bench.measure.recovery import KEPT

FEW = 2
"""So many digits are enough for a title."""


def spoken(values: Sequence[float]) -> str:
    """Return "1.3", or "1.3 to 2.6" of several values that differ."""
    ends = list(dict.fromkeys(words.number(v, digits=FEW) for v in sorted(values)))
    return ends[0] if len(ends) == 1 else f"{ends[0]} to {ends[-1]}"


def listed(names: Iterable[str]) -> str:
    """Return "A", "A and B" or "A, B and C"."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def front(race: Race) -> list[str]:
    """Return the stacks that the data cannot tell from the quickest, that one first."""
    level = [r.row["stack"] for r in race.rivals if not r.behind and r.verdict]
    return [race.leader["stack"], *level]


def _behind(found: Sequence[Race], ahead: Iterable[str], look: Look) -> str:
    """Return "ZeroMQ takes 1.3 to 2.6 times as long, HTTP 2.5 to 9.5"."""
    ratios: dict[str, list[float]] = {}
    for rival in (rival for race in found for rival in race.rivals):
        if rival.row["stack"] not in ahead:
            ratios.setdefault(rival.row["stack"], []).append(rival.ratio)
    said = [
        f"{words.stack(stack, look.stacks)} takes {spoken(several)} times as long"
        if number == 0
        else f"{words.stack(stack, look.stacks)} {spoken(several)}"
        for number, (stack, several) in enumerate(ratios.items())
    ]
    return ", ".join(said)


def _alike(found: Sequence[Race], topic: str, look: Look) -> str:
    ahead = front(found[0])
    labels = [words.stack(stack, look.stacks) for stack in ahead]
    said = f"{topic}: fastest on {labels[0]}"
    if len(labels) > 1:
        said = f"{topic}: {listed(labels)} cannot be told apart"
    rest = _behind(found, ahead, look)
    return f"{said}; {rest}" if rest else said


def _unlike(found: Sequence[Race], topic: str, look: Look) -> str:
    said = []
    for race in found:
        labels = [words.stack(stack, look.stacks) for stack in front(race)]
        load = race.leader["load"]
        where = words.load(load) if load else words.PLACEMENTS_SHORT[race.placement]
        sure = len(labels) == 1
        which = f"{labels[0]} fastest" if sure else f"{' or '.join(labels)}, undecided"
        said.append(f"{where}, {which}")
    return f"{topic} on {'; on '.join(said)}"


def said_of(table: pd.DataFrame, topic: str) -> str:
    """Return a topic, with the language that a title is about where a chart has several."""
    real = table[~table["floor"].astype(bool)] if "floor" in table else table
    if real["language"].nunique() < 2:
        return topic
    return f"{topic} in {in_one_language(real)['language'].iloc[0].capitalize()}"


def fastest(
    shown: pd.DataFrame, compared: pd.DataFrame, topic: str, look: Look
) -> str | None:
    """Return who is fastest in the cases of a chart's rows, None without two stacks."""
    names = list(dict.fromkeys(entrants(shown)["name"]))
    found = races(shown, compared, names)
    if not found:
        return None
    alike = len({frozenset(front(race)) for race in found}) == 1
    return (_alike if alike else _unlike)(found, said_of(shown, topic), look)


def best_of_each(rows: Iterable[Mapping[str, Any]], column: str) -> list[Mapping[str, Any]]:
    """Return each stack's row with the least of a column, the least first."""
    best: dict[str, Mapping[str, Any]] = {}
    for row in sorted(rows, key=lambda row: float(row[column])):
        best.setdefault(str(row["stack"]), row)
    return list(best.values())


def least(
    table: pd.DataFrame, column: str, what: str, topic: str, look: Look, unit: str = ""
) -> str:
    """Return "TOPIC takes least WHAT on A, 12; B 22, C 62" of each stack's best row."""
    known = table[~table["floor"].astype(bool)] if "floor" in table else table
    known = known[known["fan_out_mode"] != "lossy"]
    topic = said_of(known, topic)
    best = best_of_each(records(in_one_language(known)), column)
    if not best:
        return f"{topic}: {what}"

    def value(row: Mapping[str, Any]) -> str:
        known = row[column]
        return f"{known:,}" if isinstance(known, int) else words.number(known, digits=FEW)

    names = [words.stack(str(row["stack"]), look.stacks) for row in best]
    level = sum(_meets(row, best[0]) for row in best)
    first = f"{' or '.join(names[:level])}, {value(best[0])}{unit}"
    said = f"{topic} takes least {what} on {first}"
    rest = [f"{n} {value(r)}" for n, r in zip(names[level:], best[level:], strict=True)]
    return f"{said}; {', '.join(rest)}" if rest else said


def _meets(row: Mapping[str, Any], least: Mapping[str, Any]) -> bool:
    """Whether a row's interval reaches down to that of the least; of counts, itself."""
    if "low" not in row:
        return row is least
    return row is least or not row["low"] > least["high"]


def kept_by(rows: Sequence[Mapping[str, Any]], look: Look) -> str:
    """Return "kept by ZeroMQ when minimal, by all when resilient" of one fault's rows."""
    if len(rows) > 1 and all(row["verdict"] == KEPT for row in rows):
        return "kept by all"
    said = []
    for tier in sorted({row["variant"] for row in rows}, key=tier_order):
        mine = [row for row in rows if row["variant"] == tier]
        kept = [row["stack"] for row in mine if row["verdict"] == KEPT]
        names = [words.stack(s, look.stacks) for s in sorted(kept, key=stack_order)]
        whom = listed(names) if names else "none"
        if len(kept) == len(mine) > 1:
            whom = "all"
        said.append(f"by {whom} when {tier}")
    return f"kept {', '.join(said)}"
