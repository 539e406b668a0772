"""The same program in Python and in C: what the language costs, and what checking costs.

The talk's sentence (``QUOTE``) says two things, each with a limit: how much is a few, and
that checking is the reason.
The second is told by a third program, the one to be shown, in C and checking nothing:

    Python  --language-->  C, nothing checked  --checking-->  C, all checked
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bench.analysis.code_rows import ProgramCode
from bench.contract.model import SLIDE

QUOTE = "The C version is only a few lines longer because of error code checking."
A_FEW = 10
"""So many statements more are a few; declared before they were counted, as in C32 of
``bench/report/talk_claims``."""
LANGUAGE_MAX = 2
"""Checking is the reason where the language itself takes no more than so many."""
MEASURES = ("statements", "tokens", "lines")
UPHELD, REFUTED = "upheld", "refuted"


@dataclass(frozen=True)
class CPort:
    """The minimal programs of a stack for a workload; ``slide`` is the one to be shown."""

    python: ProgramCode
    slide: ProgramCode | None
    checked: ProgramCode

    @property
    def stack(self) -> str:
        return self.python.program.stack

    @property
    def workload(self) -> str:
        return self.python.program.workload

    def more(self, measure: str) -> int:
        """Return by how much the checked program in C is larger than that in Python."""
        return _count(self.checked, measure) - _count(self.python, measure)

    def language(self, measure: str) -> int | None:
        """Return what of that the language costs; None without a program to be shown."""
        if self.slide is None:
            return None
        return _count(self.slide, measure) - _count(self.python, measure)

    def checking(self, measure: str) -> int | None:
        """Return what of that checking costs; None without a program to be shown."""
        if self.slide is None:
            return None
        return _count(self.checked, measure) - _count(self.slide, measure)

    @property
    def endings(self) -> int | None:
        """Return how many statements more the checked program has to return and to free.

        A program in Python has none to write. None in runs that did not count them.
        """
        checked, python = self.checked.endings, self.python.endings
        return None if checked is None or python is None else checked - python

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


def _count(row: ProgramCode, measure: str) -> int:
    """Return one of ``MEASURES`` of a program."""
    return int(getattr(row, measure))


def c_ports(programs: Iterable[ProgramCode]) -> list[CPort]:
    """Return the programs in Python with their C ports, in the order of programs."""
    found: dict[tuple[str, str], dict[str, ProgramCode]] = {}
    for row in programs:
        program = row.program
        kind = (program.variant, program.language)
        if kind in KINDS:
            place = found.setdefault((program.stack, program.workload), {})
            place[KINDS[kind]] = row
    return [
        CPort(place["python"], place.get("slide"), place["checked"])
        for place in found.values()
        if {"python", "checked"} <= set(place)
    ]


KINDS = {
    ("minimal", "python"): "python",
    (SLIDE, "c"): "slide",
    ("minimal", "c"): "checked",
}


def sentence(pair: CPort, stack: str, workload: str) -> str:
    """Return the verdict on the talk's sentence with its numbers; names as people say."""
    python, checked = pair.python, pair.checked
    said = (
        f"{stack} {workload}: {python.statements} statements in Python, "
        f"{checked.statements} in C with every error checked "
        f"({pair.more('statements'):+d}; lines {python.lines} and {checked.lines})"
    )
    if pair.slide:
        said += (
            f"; of these the language takes {pair.language('statements'):+d} (in C "
            f"without a check: {pair.slide.statements}), checking "
            f"{pair.checking('statements'):+d}"
        )
    if pair.endings is not None:
        said += (
            f"; {pair.endings} return from a role and free what it holds, which programs "
            "in Python are never asked to"
        )
    few = f"{'A few' if pair.is_few else 'More than a few'} (which are {A_FEW} at most)"
    return f"{said}. {few}{_cause(pair)}: {pair.verdict}"


def _cause(pair: CPort) -> str:
    return {
        None: ", and nothing here tells checking from the language",
        True: f", and checking is the reason (the language takes {LANGUAGE_MAX} at most)",
        False: ", and checking is not the only reason (the language takes more than "
        f"{LANGUAGE_MAX})",
    }[pair.is_checking]
