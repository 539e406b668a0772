"""The result of a part of a claim, and the result that would turn it: two sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from bench.measure.recovery import VERDICTS as OUTCOMES
from bench.report import ratio
from bench.report.talk_claims.conditions import COUNTS, DIFFERENCE, Condition
from bench.report.talk_claims.evidence import (
    ABSENT,
    FAILS,
    HOLDS,
    OPEN,
    SHARE,
    SPLIT,
    TIMES,
    Evidence,
    JudgedCondition,
    difference,
    needed,
    number,
    unit_of,
)

LEVEL = "level"
SPOKEN = {"bytes": "gzip bytes", "s": "time"}
"""The name of the thing that ratios compare, by the unit of their two numbers."""
SPOKEN_COUNTS = {"gzip": "gzip bytes"}


def closest(part: JudgedCondition) -> Evidence:
    """Return the finding that is nearest to its limit on the side where it counts."""
    mine = [f for f in part.evidence if f.outcome == part.outcome] or list(part.evidence)
    return min(mine, key=lambda f: abs(f.margin))


def _range(values: Sequence[float], say: Callable[[float], str], unit: str = "") -> str:
    """Return "0.97x to 1.08x", or one value where all are the same; a unit stands once."""
    low, high = say(min(values)), say(max(values))
    if low == high:
        return high
    return f"{low.removesuffix(unit_of(min(values), unit)).rstrip()} to {high}"


def measured(part: JudgedCondition) -> str:
    """Return what was found, with its unit: "1.02x to 1.08x in statements"."""
    condition = part.condition
    if condition.verdicts:
        found = Counter(finding.shown for finding in part.evidence)
        return ", ".join(f"{many} {verdict}" for verdict, many in found.most_common())
    by_unit: dict[str, list[float]] = {}
    for finding in part.evidence:
        if finding.value is not None:
            by_unit.setdefault(finding.unit, []).append(finding.value)
    if not by_unit:
        return "too few blocks for an interval"
    return ", ".join(_values(condition, unit, found) for unit, found in by_unit.items())


def _values(condition: Condition, unit: str, found: Sequence[float]) -> str:
    if unit == TIMES:
        return ratio.either(found)
    if not condition.over:
        return _range(found, lambda value: number(value, unit), unit)
    if condition.by == DIFFERENCE:
        return _range(found, lambda value: difference(value, unit), unit)
    return f"{_range(found, condition.paired)} in {SPOKEN.get(unit, unit)}"


def _limit(part: JudgedCondition) -> str:
    """Return a limit with its unit: "1.05x", "+10 statements", "0.1 s"."""
    condition = part.condition
    unit = next((f.unit for f in part.evidence if f.unit), "")
    if condition.over and condition.by == DIFFERENCE:
        return difference(condition.limit, unit)
    if condition.over:
        return condition.paired(condition.limit)
    if unit == LEVEL or unit.startswith(SHARE):
        return number(condition.limit, unit)
    return f"{condition.limit:g} {unit_of(condition.limit, unit)}".rstrip()


def _noun(part: JudgedCondition, many: int) -> str:
    """Return what the numbers of a part are: "fault", "ratios"."""
    condition = part.condition
    if condition.verdicts:
        faults = set(condition.verdicts) <= set(OUTCOMES)
        noun = "fault" if faults else "comparison"
    else:
        noun = condition.by if condition.over else "value"
    return noun if many == 1 else f"{noun}s"


def _by_count(part: JudgedCondition) -> list[tuple[Evidence, ...]]:
    """Return the findings of each count of code, or all of them where none is named."""
    if not part.by_count:
        return [part.evidence]
    each = len(part.evidence) // len(COUNTS)
    return [part.evidence[each * n : each * (n + 1)] for n in range(len(COUNTS))]


def _turned(part: JudgedCondition) -> str:
    """Return how many numbers would have to be where, for a part to turn out otherwise."""
    condition, holds = part.condition, part.outcome == HOLDS
    lacking = [
        needed(condition.of, len(found)) - sum(f.outcome == HOLDS for f in found)
        for found in _by_count(part)
    ]
    many = 1 - max(lacking) if holds else max(lacking)
    if condition.verdicts:
        outcomes = " or ".join(condition.verdicts)
        where = "with another outcome" if holds else f"with the outcome {outcomes}"
    else:
        sides = (
            ("above", "of at most")
            if condition.at_least is None
            else ("below", "of at least")
        )
        counts = " in all three counts" if part.by_count else ""
        where = f"{sides[not holds]} {_limit(part)}{counts}"
    more = " more" if part.held and not holds else ""
    how_many = f"{'one' if many == 1 else many}{more}"
    would = "refuted" if holds else "upheld"
    return f"Would be {would} by {how_many} {_noun(part, many)} {where}"


def _says(part: JudgedCondition) -> str:
    """Return which counts of code say yes and which no."""
    named = zip(COUNTS, part.by_count, strict=True)
    says = [(SPOKEN_COUNTS.get(count, count), outcome) for count, outcome in named]
    yes = " and ".join(count for count, outcome in says if outcome == HOLDS)
    no = " and ".join(count for count, outcome in says if outcome == FAILS)
    return f"Holds in {yes}, and fails in {no}"


def turns(part: JudgedCondition) -> str:
    """Return what was measured of a part, and what would change its outcome."""
    condition = part.condition
    if part.outcome == ABSENT:
        return f"Needs {condition.lacks or 'the numbers'}"
    if part.outcome == SPLIT:
        would = _says(part)
    elif part.outcome == OPEN:
        usual = "narrower intervals: more blocks, or a quieter machine"
        if ABSENT in part.by_count:
            usual = "a run that takes all three counts"
        would = f"Needs {condition.narrows or usual}"
    else:
        would = _turned(part)
    return f"Measured: {measured(part)}. {would}"
