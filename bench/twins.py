"""The same program in Python and in C: what the language costs, and what checking costs.

A talk says that "the C version is only a few lines longer because of error code checking".
That says two things, each with a limit: how much is a few, and that checking is the reason.
The second is told by a third program, the one to be shown, in C and checking nothing:

    Python  --language-->  C, nothing checked  --checking-->  C, all checked
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bench.contract import SLIDE

A_FEW = 10
"""So many statements more are a few; declared before they were counted, as in C32 of
``bench/claims``."""
LANGUAGE_MAX = 2
"""Checking is the reason where the language itself takes no more than so many."""
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
        """Whether C takes a few statements more only."""
        return self.more("statements") <= A_FEW

    @property
    def is_checking(self) -> bool | None:
        """Whether checking is the reason; None without a program to be shown."""
        language = self.language("statements")
        return None if language is None else language <= LANGUAGE_MAX

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
    python, checked = pair.python, pair.checked
    said = (
        f"{stack} {workload}: {python['statements']} statements in Python, "
        f"{checked['statements']} in C with every error checked "
        f"({pair.more('statements'):+d}; lines {python['lines']} and {checked['lines']})"
    )
    if pair.slide:
        said += (
            f"; of these the language takes {pair.language('statements'):+d} (in C "
            f"without a check: {pair.slide['statements']}), checking "
            f"{pair.checking('statements'):+d}"
        )
    few = f"{'A few' if pair.is_few else 'More than a few'} (which are {A_FEW} at most)"
    return f"{said}. {few}{_cause(pair)}: {pair.verdict}"


def _cause(pair: Twins) -> str:
    return {
        None: ", and nothing here tells checking from the language",
        True: f", and checking is the reason (the language takes {LANGUAGE_MAX} at most)",
        False: ", and checking is not the only reason (the language takes more than "
        f"{LANGUAGE_MAX})",
    }[pair.is_checking]
