"""Rows of what is derived from a run: frozen classes, and what is done with many of them.

``compared_rows``, ``recovery_rows`` and ``code_rows`` have those of comparisons, of trials
with a fault, and of programs. Tables of pandas are made of rows only where a chart writes
its data (``frame``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pandas as pd

from bench.contract.alike import most_alike, spoken_in
from bench.contract.rows import CaseRow, ProgramRow
from bench.run.no_value import NoValue

T = TypeVar("T")
K = TypeVar("K")


class OfProgram(Protocol):
    """A row that is about one program."""

    @property
    def program(self) -> ProgramRow: ...


R = TypeVar("R", bound=OfProgram)


class WithColumns(Protocol):
    """A row that charts write into their files."""

    def columns(self) -> dict[str, Any]: ...


def grouped(rows: Iterable[T], key: Callable[[T], K]) -> dict[K, list[T]]:
    """Return rows by a key, in the order in which keys appear."""
    found: dict[K, list[T]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def parameters(case: CaseRow) -> dict[str, Any]:
    """Return what files say of a case, by the names that run.json uses."""
    names = (
        "name", "cell", "key", "stack", "variant", "workload", "language", "loop",
        "promise", "quantity", "transport", "size_bytes", "instances", "placement", "copy",
        "load", "fault", "floor", "blocks",
    )  # fmt: skip
    named = {"copy": "twin"}
    found = {named.get(name, name): getattr(case, name) for name in names}
    return {"case": case.id, **found}


@dataclass(frozen=True, slots=True)
class Estimate:
    """One measure of a case, in its unit: the median over blocks with its interval.

    Bounds are nan where there are too few blocks. ``bench.analysis.estimates`` lists the
    measures.
    """

    case: CaseRow
    measure: str
    unit: str
    value: float
    low: float
    high: float
    confidence: float
    blocks_done: int

    @property
    def program(self) -> CaseRow:
        return self.case

    def columns(self) -> dict[str, Any]:
        """Return the row as a chart's file has it."""
        own = ("measure", "unit", "value", "low", "high", "confidence", "blocks_done")
        mine = {name: getattr(self, name) for name in own}
        return {"case": self.case.id, **mine, **parameters(self.case)}


@dataclass(frozen=True, slots=True)
class Failure:
    """A trial, or a whole case, without a value.

    ``block`` counts from 0, and is below 0 where no trial was made.
    """

    case: str
    block: int
    repeat: int
    reason: str

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Failure:
        """Return a row of failures.json; runs of earlier versions repeated no block."""
        reason = NoValue.read(kept).error
        return cls(kept["case"], kept["block"], kept.get("repeat", 0), reason)

    @property
    def in_short(self) -> str:
        """The first line of the reason: further ones are what a process wrote."""
        return self.reason.split("\n", 1)[0].strip()


def in_one_language(rows: Iterable[R]) -> list[R]:
    """Return the rows in Python, or without any those in the first other language.

    A comparison of stacks needs one language: a program in C beside one in Python tells
    nothing of the stacks.
    """
    known = list(rows)
    spoken = spoken_in(row.program.language for row in known)
    return [row for row in known if row.program.language == spoken]


def of_most_alike(rows: Iterable[R]) -> list[R]:
    """Return the rows of one case by which its stacks are told apart: ``most_alike``."""
    known = list(rows)
    chosen = set(most_alike(row.program for row in known))
    return [row for row in known if row.program in chosen]


def frame(rows: Iterable[WithColumns]) -> pd.DataFrame:
    """Return rows as a table, for a file that others read."""
    return pd.DataFrame([row.columns() for row in rows])
