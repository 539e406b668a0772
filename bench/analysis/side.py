"""One of the runs that are laid over each other, with what is computed of it alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from bench.analysis.compared_rows import Comparison, Copy
from bench.analysis.comparisons import comparisons, grade_of, of_kind
from bench.analysis.copies import copies_of
from bench.analysis.results import Run, load
from bench.contract.alike import Kind
from bench.run.declared import Declared
from bench.run.environment import Grade

REPRODUCES = "reproduces"
"""The entry of run.json that names the run of which it is a reproduction."""
LEFT_OUT = "left_out"
"""Within it: cases that cannot be planned here, with the reason, by case id."""


@dataclass(frozen=True)
class Side:
    """A run with its comparisons, its A/A copies and its grade."""

    run: Run
    compared: list[Comparison]
    copies: list[Copy]
    grade: Grade

    @classmethod
    def of(cls, run: Run) -> Side:
        copies = copies_of(run)
        return cls(run, comparisons(run), copies, grade_of(run, copies))

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def about(self) -> dict[str, Any]:
        return self.run.about

    @property
    def declared(self) -> list[Comparison]:
        """The run's declared comparisons, in the order of its plan."""
        return of_kind(self.compared, Kind.DECLARED)

    @cached_property
    def by_identity(self) -> dict[Declared, Comparison]:
        """All comparisons. One that another run declared may be exploratory here."""
        return {pair.identity: pair for pair in self.compared}

    @cached_property
    def lacking(self) -> dict[str, str]:
        """Why cases have no value, by case id: the first reason of each."""
        left_out: dict[str, str] = self.about.get(REPRODUCES, {}).get(LEFT_OUT, {})
        failed = {row.case: row.in_short for row in reversed(self.run.failures)}
        return {**failed, **left_out, **self.run.refused}


def read_side(folder: Path) -> Side:
    """Read a finished run. Raises ResultsError for anything else, with what to do."""
    return Side.of(load(folder))
