"""One condition of a claim: which numbers of numbers.json have to lie where.

A condition names numbers by pattern: ``*`` stands for anything, ``{a,b}`` for one of these.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bench.analysis.stats import MARGIN
from bench.report import ratio

EVERY, MOST, SOME = "every", "most", "some"
RATIO, DIFFERENCE = "ratio", "difference"
COUNT = "COUNT"
"""In a pattern: each of the three counts of code. They have to agree."""
COUNTS = ("statements", "tokens", "gzip")
LANGUAGES = {".python": "Python", ".c": "C"}
"""How the ids of programs in a language end, and what it is called."""


@dataclass(frozen=True)
class Condition:
    """``says`` is the claim's part in words; the rest is how numbers decide on it.

    ``numbers``   patterns of ids; a number counts that matches any of them
    ``over``      nothing, or for each of these the pattern of a second number, its stars
    filled with what stars and braces of the first matched; ``by`` ratio or difference
    ``verdicts``  the verdicts with which a number holds, or else a limit:
    ``at_most``, ``at_least``
    ``of``        how many numbers have to hold: every, most (more than half), some
    ``worst``     whether the worst trial decides, and not the median: of a part that speaks
    of all trials, one trial is a counterexample
    ``alone``     why statements decide without tokens and gzip bytes
    ``lacks``     what has to be done for a run to have such numbers
    ``narrows``   what makes an interval narrower where more blocks do not
    ``after_seeing``  data that were known when the limit was set; it describes them, and
    only data that come after it can test it
    """

    says: str
    numbers: tuple[str, ...]
    over: tuple[str, ...] = ()
    by: str = RATIO
    verdicts: tuple[str, ...] = ()
    at_most: float | None = None
    at_least: float | None = None
    of: str = EVERY
    worst: bool = False
    alone: str = ""
    lacks: str = ""
    narrows: str = ""
    after_seeing: str = ""

    @property
    def limit(self) -> float:
        """The limit, whichever side it is on. Conditions with ``verdicts`` have none."""
        limit = self.at_most if self.at_least is None else self.at_least
        assert limit is not None
        return limit

    @property
    def counted(self) -> tuple[Condition, ...]:
        """The condition for each count of code, or itself where it names none."""
        if not any(COUNT in pattern for pattern in self.numbers):
            return (self,)
        return tuple(
            replace(
                self,
                numbers=tuple(name.replace(COUNT, count) for name in self.numbers),
                over=tuple(name.replace(COUNT, count) for name in self.over),
            )
            for count in COUNTS
        )

    def paired(self, value: float) -> str:
        """Return a ratio or difference of this condition: "1.05x", "50 %", "10"."""
        if self.by == DIFFERENCE:
            return f"{value:g}"
        if math.isinf(value):
            return "never"
        if self.limit < 1:
            return f"{100 * value:.3g} %"
        return f"{value:g}x" if value == self.limit else ratio.more(value)

    @property
    def threshold(self) -> str:
        """The threshold ("every ratio at most 1.05"), and the data known before it."""
        what = self.by if self.over else "number"
        if self.verdicts:
            where, what = " or ".join(self.verdicts), "verdict"
        else:
            limit = self.paired(self.limit) if self.over else f"{self.limit:g}"
            where = f"at {'most' if self.at_least is None else 'least'} {limit}"
            where += " in the worst trial" if self.worst else ""
        many = {EVERY: f"every {what}", MOST: f"more than half of the {what}s"}
        seen = f"; set after seeing {self.after_seeing}" if self.after_seeing else ""
        return f"{many.get(self.of, f'one {what} or more')} {where}{seen}"


def wild(pattern: str) -> list[str]:
    """Return the parts of a pattern that stand for something: stars and braces."""
    return re.findall(r"\*|\{[^}]*\}", pattern)


def compiled(text: str) -> re.Pattern[str]:
    """Return a pattern as a regular expression with a group for each part that is wild."""
    made = ""
    for part in re.split(r"(\*|\{[^}]*\})", text):
        if part == "*":
            made += "(.*)"
        elif part.startswith("{"):
            made += f"({'|'.join(map(re.escape, part[1:-1].split(',')))})"
        else:
            made += re.escape(part)
    return re.compile(made)


def _several(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def condition(table: Mapping[str, Any]) -> Condition:
    """Return the condition that a table of a claims' file says.

    Raises ValueError for one that cannot be judged, or that says less than it has to.
    """
    several = {"numbers", "over", "verdicts"} & set(table)
    made = Condition(**{**table, **{name: _several(table[name]) for name in several}})
    for wrong in (*_wrong_form(made), *_says_too_little(made)):
        raise ValueError(f"{made.says!r}: {wrong}")
    return made


def _wrong_form(made: Condition) -> Iterator[str]:
    limits = [made.at_most is not None, made.at_least is not None, bool(made.verdicts)]
    if sum(limits) != 1:
        yield "one of verdicts, at_most and at_least"
    if made.of not in (EVERY, MOST, SOME):
        yield "of is every, most or some"
    if made.worst and (made.over or made.at_most is None):
        yield "worst needs at_most, and nothing over which numbers are taken"
    if made.over and len(made.over) != len(made.numbers):
        yield "over needs a pattern for each one of numbers"
    for first, second in zip(made.numbers, made.over, strict=False):
        if len(wild(first)) < len(wild(second)):
            yield "over has more stars than numbers"


def _says_too_little(made: Condition) -> Iterator[str]:
    counts_all = any(COUNT in name for name in made.numbers)
    if any(".size.statements." in name for name in made.numbers) and not made.alone:
        yield f"statements need tokens and gzip bytes beside them ({COUNT}), or alone"
    if counts_all and made.by == RATIO and 1 / MARGIN < made.limit < MARGIN:
        yield f"sizes have a margin: they are the same up to a ratio of {MARGIN}"
    for ending, language in LANGUAGES.items():
        of_one = all(name.endswith(ending) for name in made.numbers)
        if of_one and not re.search(rf"\b{language}\b", made.says):
            yield f"it looks at programs in {language} alone, and does not say so"
