"""The same program in Python and in C: what the language costs, and what checking costs.

A talk says that "the C version is only a few lines longer because of error code checking".
That is two statements. ``A_FEW_LINES`` says how many are a few; and what makes C longer is
told apart by a third program, the one to be shown, which is in C and checks nothing:

    Python  --language-->  C, nothing checked  --checking-->  C, all checked
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.contract import SLIDE

A_FEW_LINES = 10
"""So many lines are a few, declared before they were counted."""
MEASURES = ("statements", "tokens", "lines")
UPHELD, REFUTED = "upheld", "refuted"
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Twins:
    """The minimal programs of a stack for a workload; ``slide`` is the one to be shown."""

    python: Row
    slide: Row | None
    checked: Row

    @property
    def stack(self) -> str:
        return str(self.python["stack"])

    @property
    def workload(self) -> str:
        return str(self.python["workload"])

    def more(self, measure: str) -> int:
        """Return by how much the checked program in C is larger than that in Python."""
        return int(self.checked[measure] - self.python[measure])

    def language(self, measure: str) -> int | None:
        """Return what of that the language costs; None without a program to be shown."""
        return int(self.slide[measure] - self.python[measure]) if self.slide else None

    def checking(self, measure: str) -> int | None:
        """Return what of that checking costs; None without a program to be shown."""
        return int(self.checked[measure] - self.slide[measure]) if self.slide else None

    @property
    def is_few(self) -> bool:
        """Whether C is a few lines longer only."""
        return self.more("lines") <= A_FEW_LINES

    @property
    def is_checking(self) -> bool | None:
        """Whether more of the difference is checking than language; None if unknown."""
        language, checking = self.language("lines"), self.checking("lines")
        if language is None or checking is None:
            return None
        return checking > language

    @property
    def verdict(self) -> str:
        """Return what becomes of the talk's sentence: both parts of it have to hold."""
        return UPHELD if self.is_few and self.is_checking is not False else REFUTED


def twins(programs: Iterable[Row]) -> list[Twins]:
    """Return the twins among rows of ``bench.programs``, in their order."""
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in programs:
        kind = (row["variant"], row["language"])
        if kind in KINDS:
            place = found.setdefault((row["stack"], row["workload"]), {})
            place[KINDS[kind]] = row
    return [
        Twins(place["python"], place.get("slide"), place["checked"])
        for place in found.values()
        if {"python", "checked"} <= set(place)
    ]


KINDS = {
    ("minimal", "python"): "python",
    (SLIDE, "c"): "slide",
    ("minimal", "c"): "checked",
}


def sentence(pair: Twins, stack: str, workload: str) -> str:
    """Return the verdict on the talk's sentence with its numbers; names as people say."""
    counts = {row["language"]: row["lines"] for row in (pair.python, pair.checked)}
    said = (
        f"{stack} {workload}: {counts['python']} lines in Python, {counts['c']} in C with "
        f"every error checked, {pair.more('lines'):+d}"
    )
    language, checking = pair.language("lines"), pair.checking("lines")
    if pair.slide:
        said += (
            f"; of these the language takes {language:+d} ({pair.slide['lines']} lines "
            f"that check nothing), checking {checking:+d}"
        )
    few = f"{'A few' if pair.is_few else 'More than a few'} ({A_FEW_LINES} at most)"
    return f"{said}. {few}{_cause(pair)}: {pair.verdict}"


def _cause(pair: Twins) -> str:
    if pair.is_checking is None:
        return ", and nothing to tell checking from the language"
    link = "and" if pair.is_checking == pair.is_few else "though"
    return f", {link} most are for {'checking' if pair.is_checking else 'the language'}"
