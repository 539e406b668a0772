"""The evidence in numbers.json for one condition of a claim.

A condition holds, fails, is open (an interval contains its limit, a comparison is
undecided, blocks are too few), is absent (no number is called so), or its three counts of
code disagree. It is open as well if a verdict does not stand beside A/A copies that failed.
Only programs that promise the same are compared (``likes``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analysis.stats import Verdict
from bench.report import ratio, words
from bench.report.talk_claims.conditions import (
    COUNTS,
    DIFFERENCE,
    EVERY,
    MOST,
    SOME,
    Condition,
    compiled,
)
from bench.report.talk_claims.likes import alike, counts

HOLDS, FAILS, OPEN, ABSENT = "holds", "fails", "open", "not measured"
SPLIT = "counts disagree"
PLURALS = ("messages", "statements", "tokens", "bytes", "languages", "questions", "trials")
"""Units of what is counted, which are singular for one."""
TIMES = "times"
SHARE = "of the "
"""How the units of shares begin: "of the trials"."""
Entry = Mapping[str, Any]
Span = tuple[float, float, float]
"""A value with the ends of its interval."""


@dataclass(frozen=True)
class Evidence:
    """One number (or two, against each other) as a condition sees it.

    ``value`` is the number, the ratio or the difference, in ``unit``; None where only a
    verdict counts, or where too few blocks give no interval. ``margin`` is how far the
    interval's nearer end lies from the limit, as a share of the limit, negative beyond it;
    infinite where only a verdict counts.
    """

    ids: tuple[str, ...]
    shown: str
    outcome: str
    margin: float = math.inf
    value: float | None = None
    unit: str = ""


@dataclass(frozen=True)
class JudgedCondition:
    """A condition with all that was found on it."""

    condition: Condition
    outcome: str
    evidence: tuple[Evidence, ...]
    by_count: tuple[str, ...] = ()
    """The outcome by each of the counts of code, where the condition names them."""

    @property
    def decides(self) -> bool:
        """Whether any of the numbers said yes or no, so that this was tested."""
        return any(finding.outcome in (HOLDS, FAILS) for finding in self.evidence)

    @property
    def held(self) -> int:
        """How many numbers do as the condition says."""
        return sum(finding.outcome == HOLDS for finding in self.evidence)

    @property
    def counted(self) -> str:
        """How many numbers do as the condition says: "7 of 15"."""
        if not self.evidence:
            return words.PASSED_OVER
        return f"{self.held} of {len(self.evidence)}"


def _filled(pattern: str, matched: Sequence[str]) -> str:
    for part in matched:
        pattern = pattern.replace("*", part, 1)
    return pattern


def pairs(
    condition: Condition, entries: Mapping[str, Entry]
) -> Iterator[tuple[Entry, Entry | None]]:
    """Yield each number that counts, with that over which it is taken, if any.

    A comparison of unlike programs has no verdict, and says nothing where one is asked for.
    """
    known: set[str] = set()
    over = condition.over or ("",) * len(condition.numbers)
    for pattern, second in zip(condition.numbers, over, strict=True):
        wanted = compiled(pattern)
        for name, entry in entries.items():
            found = wanted.fullmatch(name)
            if not found or name in known or not counts(pattern, name):
                continue
            if condition.verdicts and not entry["verdict"]:
                continue
            if not second:
                known.add(name)
                yield entry, None
                continue
            other = entries.get(_filled(second, found.groups()))
            if other and alike(entry, other):
                known.add(name)
                yield entry, other


def span(entry: Entry) -> Span | None:
    """Return value and interval, None where too few blocks allow no interval.

    A time that was never reached is infinite: numbers.json has null for it.
    """
    if entry["confidence"] is None:
        return None
    value, low, high = (entry[key] for key in ("value", "ci_low", "ci_high"))
    value = math.inf if value is None else value
    return value, value if low is None else low, math.inf if high is None else high


def worst_of(entry: Entry) -> Span:
    """Return the value of the worst trial, which has no interval."""
    value = math.inf if entry["worst"] is None else entry["worst"]
    return value, value, value


def _over(a: float, b: float) -> float:
    """Return a ratio; nan where both are infinite or the second is nothing."""
    return math.nan if b == 0 else a / b


def _against(first: Span, second: Span, by: str) -> Span | None:
    """Return a ratio or difference with the widest interval that the two allow."""
    (a, a_low, a_high), (b, b_low, b_high) = first, second
    if by == DIFFERENCE:
        made = a - b, a_low - b_high, a_high - b_low
    else:
        made = _over(a, b), _over(a_low, b_high), _over(a_high, b_low)
    return None if any(map(math.isnan, made)) else made


def number(value: float, unit: str = "") -> str:
    """Return a value with its unit: "0.673 s", "L2", "1,024 bytes", "never"."""
    if math.isinf(value):
        return "never"
    if unit == "level":
        return f"L{value:.0f}"
    if unit.startswith(SHARE):
        return f"{100 * value:.3g} % {unit}"
    whole = float(value).is_integer()
    said = f"{value:,.0f}" if whole else words.number(value, digits=3)
    return f"{said} {unit_of(value, unit)}".rstrip()


def difference(value: float, unit: str) -> str:
    """Return a difference with sign and unit: "+10 statements", "+50 % of the trials"."""
    share = unit.startswith(SHARE)
    said = f"{100 * value:+.3g} %" if share else f"{value:+,.4g}"
    return f"{said} {unit_of(value, unit)}".rstrip()


def unit_of(value: float, unit: str) -> str:
    """Return a unit in the number that a value asks for: 1 message, 2 messages."""
    return unit.removesuffix("s") if abs(value) == 1 and unit in PLURALS else unit


def _limited(condition: Condition, found: Span) -> tuple[str, float]:
    """Return the outcome of a limit and its margin."""
    _, low, high = found
    limit = condition.limit
    if condition.at_least is None:
        held, failed, room = high <= limit, low > limit, limit - high
    else:
        held, failed, room = low >= limit, high < limit, low - limit
    outcome = HOLDS if held else FAILS if failed else OPEN
    return outcome, room / abs(limit) if limit else room


def finding(condition: Condition, entry: Entry, other: Entry | None) -> Evidence:
    """Return what one number says on a condition."""
    ids = (str(entry["id"]), *([str(other["id"])] if other else []))
    if condition.verdicts:
        verdict = str(entry["verdict"])
        outcome = HOLDS if verdict in condition.verdicts else FAILS
        is_open = verdict == Verdict.INCONCLUSIVE or not entry.get("stands", True)
        return Evidence(ids, verdict, OPEN if is_open else outcome)
    worst = condition.worst and "worst" in entry  # numbers of before have medians alone
    found = worst_of(entry) if worst else span(entry)
    unit = str(entry["unit"])
    unit = TIMES if unit == "ratio of times" else unit
    if other is None:
        if found is None:
            return Evidence(ids, "too few blocks", OPEN)
        decided = _limited(condition, found)
        said = ratio.of_first(*found) if unit == TIMES else number(found[0], unit)
        said += " in the worst trial" if worst else ""
        return Evidence(ids, said, *decided, found[0], unit)
    second = span(other)
    if found is None or second is None:
        return Evidence(ids, "too few blocks", OPEN)
    paired = _against(found, second, condition.by)
    sides = (number(found[0]), number(second[0]))
    if paired is None:
        return Evidence(ids, f"no {condition.by} ({sides[0]} and {sides[1]} {unit})", OPEN)
    if condition.by == DIFFERENCE:
        shown = f"{difference(paired[0], unit)} ({sides[0]} less {sides[1]})"
    else:
        said = condition.paired(paired[0])
        shown = f"{said} ({sides[0]} against {sides[1]} {unit})"
    return Evidence(ids, shown, *_limited(condition, paired), paired[0], unit)


def needed(of: str, numbers: int) -> int:
    """Return how many of so many numbers have to hold."""
    return {EVERY: numbers, SOME: 1, MOST: numbers // 2 + 1}[of]


def weigh(condition: Condition, findings: Sequence[Evidence]) -> str:
    """Return the outcome of a condition over all its numbers."""
    if not findings:
        return ABSENT
    held = sum(finding.outcome == HOLDS for finding in findings)
    maybe = held + sum(finding.outcome == OPEN for finding in findings)
    enough = needed(condition.of, len(findings))
    return HOLDS if held >= enough else OPEN if maybe >= enough else FAILS


def agreed(outcomes: Sequence[str]) -> str:
    """Return what counts of code say together: that of all of them, or that they differ.

    Where one of them was not taken, the others decide nothing.
    """
    found = set(outcomes)
    if len(found) == 1:
        return outcomes[0]
    return SPLIT if found == {HOLDS, FAILS} else OPEN


def look(condition: Condition, entries: Mapping[str, Entry]) -> JudgedCondition:
    """Return a condition with what numbers say on it; ``entries`` are by id."""
    found: list[Evidence] = []
    outcomes = []
    for one in condition.counted:
        mine = [finding(one, *pair) for pair in pairs(one, entries)]
        outcomes.append(weigh(one, mine))
        found += mine
    by_count = tuple(outcomes) if len(outcomes) == len(COUNTS) else ()
    return JudgedCondition(condition, agreed(outcomes), tuple(found), by_count)
