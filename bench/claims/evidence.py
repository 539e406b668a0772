"""One condition of a claim against numbers.json: what was found, and what would turn it.

A condition names numbers by pattern (``*`` stands for anything, ``{a,b}`` for one of these)
and says where they have to lie. It holds, fails, is open (an interval contains its limit, a
comparison is undecided, blocks are too few) or is absent (no number is called so).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.charts import words
from bench.stats import INCONCLUSIVE

HOLDS, FAILS, OPEN, ABSENT = "holds", "fails", "open", "not measured"
EVERY, MOST, SOME = "every", "most", "some"
RATIO, DIFFERENCE = "ratio", "difference"
Entry = Mapping[str, Any]
Span = tuple[float, float, float]
"""A value with the ends of its interval."""


@dataclass(frozen=True)
class Condition:
    """``says`` is the claim's part in words; the rest is how numbers decide on it.

    ``numbers``   patterns of ids; a number counts that matches any of them
    ``over``      pattern of a second number, its stars filled with what stars and braces
                  of the first matched; ``by`` ratio or difference
    ``verdicts``  the verdicts with which a number holds, or else a limit:
    ``at_most``, ``at_least``
    ``of``        how many numbers have to hold: every, most (more than half), some
    ``lacks``     what has to be done for a run to have such numbers
    ``narrows``   what makes an interval narrower where more blocks do not
    ``after_seeing``  data that were known when the limit was set; it describes them, and
    only data that come after it can test it
    """

    says: str
    numbers: tuple[str, ...]
    over: str = ""
    by: str = RATIO
    verdicts: tuple[str, ...] = ()
    at_most: float | None = None
    at_least: float | None = None
    of: str = EVERY
    lacks: str = ""
    narrows: str = ""
    after_seeing: str = ""

    @property
    def threshold(self) -> str:
        """What has to be, in words: "ratio at most 1 in every", and after what."""
        if self.verdicts:
            where = " or ".join(self.verdicts)
        else:
            limit = f"at most {self.at_most:g}" if self.at_least is None else ""
            limit = limit or f"at least {self.at_least:g}"
            where = f"{self.by} {limit}" if self.over else limit
        seen = f"; set after seeing {self.after_seeing}" if self.after_seeing else ""
        return f"{where} in {self.of}{seen}"


@dataclass(frozen=True)
class Finding:
    """One number (or two, against each other) as a condition sees it.

    ``margin`` is how far the interval's nearer end lies from the limit, as a share of the
    limit, negative beyond it; infinite where only a verdict counts.
    """

    ids: tuple[str, ...]
    shown: str
    outcome: str
    margin: float = math.inf


@dataclass(frozen=True)
class Part:
    """A condition with all that was found on it."""

    condition: Condition
    outcome: str
    findings: tuple[Finding, ...]

    @property
    def decides(self) -> bool:
        """Whether any of the numbers said yes or no, so that this was tested."""
        return any(finding.outcome in (HOLDS, FAILS) for finding in self.findings)

    @property
    def counted(self) -> str:
        """How many numbers do as the condition says: "7 of 15"."""
        if not self.findings:
            return words.PASSED_OVER
        held = sum(finding.outcome == HOLDS for finding in self.findings)
        return f"{held} of {len(self.findings)}"


def wild(pattern: str) -> list[str]:
    """Return the parts of a pattern that stand for something: stars and braces."""
    return re.findall(r"\*|\{[^}]*\}", pattern)


def _pattern(text: str) -> re.Pattern[str]:
    made = ""
    for part in re.split(r"(\*|\{[^}]*\})", text):
        if part == "*":
            made += "(.*)"
        elif part.startswith("{"):
            made += f"({'|'.join(map(re.escape, part[1:-1].split(',')))})"
        else:
            made += re.escape(part)
    return re.compile(made)


def _filled(pattern: str, matched: Sequence[str]) -> str:
    for part in matched:
        pattern = pattern.replace("*", part, 1)
    return pattern


def pairs(
    condition: Condition, entries: Mapping[str, Entry]
) -> Iterator[tuple[Entry, Entry | None]]:
    """Yield each number that counts, with that over which it is taken, if any."""
    known: set[str] = set()
    for pattern in map(_pattern, condition.numbers):
        for name, entry in entries.items():
            found = pattern.fullmatch(name)
            if not found or name in known:
                continue
            known.add(name)
            if not condition.over:
                yield entry, None
            elif other := entries.get(_filled(condition.over, found.groups())):
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


def _against(first: Span, second: Span, by: str) -> Span | None:
    """Return a ratio or difference with the widest interval that the two allow."""
    (a, a_low, a_high), (b, b_low, b_high) = first, second
    if by == DIFFERENCE:
        return a - b, a_low - b_high, a_high - b_low
    if not all(0 < end < math.inf for end in (b, b_low, b_high)):
        return None
    return a / b, a_low / b_high, a_high / b_low


def _number(value: float, unit: str) -> str:
    if math.isinf(value):
        return "never"
    if unit == "level":
        return f"L{value:.0f}"
    whole = float(value).is_integer()
    said = f"{value:,.0f}" if whole else words.number(value, digits=3)
    return f"{said} {unit}".rstrip()


def _limited(condition: Condition, found: Span) -> tuple[str, float]:
    """Return the outcome of a limit and its margin."""
    _, low, high = found
    if condition.at_least is None:
        limit = condition.at_most
        assert limit is not None
        held, failed, room = high <= limit, low > limit, limit - high
    else:
        limit = condition.at_least
        held, failed, room = low >= limit, high < limit, low - limit
    outcome = HOLDS if held else FAILS if failed else OPEN
    return outcome, room / abs(limit) if limit else room


def finding(condition: Condition, entry: Entry, other: Entry | None) -> Finding:
    """Return what one number says on a condition."""
    ids = (str(entry["id"]), *([str(other["id"])] if other else []))
    if condition.verdicts:
        verdict = str(entry["verdict"])
        outcome = HOLDS if verdict in condition.verdicts else FAILS
        return Finding(ids, verdict, OPEN if verdict == INCONCLUSIVE else outcome)
    found, unit = span(entry), str(entry["unit"])
    if other is not None:
        second = span(other)
        paired = found and second and _against(found, second, condition.by)
        if found is None or second is None or not paired:
            return Finding(ids, "too few blocks", OPEN)
        sides = (_number(found[0], ""), _number(second[0], ""))
        if condition.by == RATIO:
            shown = f"{_number(paired[0], '')} ({sides[0]} over {sides[1]} {unit})"
        else:
            shown = f"{paired[0]:+,.4g} {unit} ({sides[0]} less {sides[1]})"
        return Finding(ids, shown, *_limited(condition, paired))
    if found is None:
        return Finding(ids, "too few blocks", OPEN)
    unit = "times" if unit == "ratio of times" else unit
    return Finding(ids, _number(found[0], unit), *_limited(condition, found))


def weigh(condition: Condition, findings: Sequence[Finding]) -> str:
    """Return the outcome of a condition over all its numbers."""
    if not findings:
        return ABSENT
    held = sum(finding.outcome == HOLDS for finding in findings)
    maybe = held + sum(finding.outcome == OPEN for finding in findings)
    needed = {EVERY: len(findings), SOME: 1, MOST: len(findings) // 2 + 1}[condition.of]
    return HOLDS if held >= needed else OPEN if maybe >= needed else FAILS


def look(condition: Condition, entries: Mapping[str, Entry]) -> Part:
    """Return a condition with what numbers say on it; ``entries`` are by id."""
    findings = tuple(finding(condition, *pair) for pair in pairs(condition, entries))
    return Part(condition, weigh(condition, findings), findings)
