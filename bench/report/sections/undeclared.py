"""Programs that were not declared before a run, and are faster than those that were.

The first screen compares declared programs alone: a variant that leads by chance would win
if every variant could. Its reader still has to know of one that is faster.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from bench.analysis.ranking import Race, entrants, time_of
from bench.analysis.rows import Estimate
from bench.analysis.stats import MARGIN
from bench.report import ratio, words
from bench.report.charts.hero import declared_races
from bench.report.model import Data

Pair = tuple[str, str]
"""The labels of a program that was not declared, and of its stack's declared one."""


class Faster(NamedTuple):
    """One program ahead of its stack's declared one, by medians: ``times`` are above 1."""

    label: str
    declared: str
    times: tuple[float, ...]

    @property
    def said(self) -> str:
        """Return "HTTP (WebSocket) is 1.16x to 1.19x faster than HTTP (uwsgi)"."""
        return f"{self.label} is {ratio.times(self.times)} faster than {self.declared}"


def faster(data: Data, workload: str) -> list[Faster]:
    """Return the programs of a workload that beat their stack's declared one somewhere.

    Only the quickest of each stack in each case is looked at, and only programs in the
    declared one's language and of its promise. A lead of less than 5 % is none.
    """
    found: dict[Pair, list[float]] = {}
    for race in declared_races(data.estimates, data.compared, workload):
        for ahead, declared in _ahead(race, data):
            pair = data.cell(ahead.case), data.cell(declared.case)
            found.setdefault(pair, []).append(time_of(declared) / time_of(ahead))
    return [Faster(*pair, tuple(times)) for pair, times in found.items()]


def _ahead(race: Race, data: Data) -> Iterator[tuple[Estimate, Estimate]]:
    every = entrants(row for row in data.estimates if row.case.name == race.name)
    for declared in (race.leader, *(rival.row for rival in race.rivals)):
        mine = [row for row in every if row.case.stack == declared.case.stack]
        best = min(mine, key=time_of, default=declared)
        if MARGIN * time_of(best) < time_of(declared):
            yield best, declared


def sentences(data: Data, workload: str) -> Iterator[str]:
    """Yield a sentence for each program of ``faster``."""
    name = words.workload(workload).lower()
    for one in faster(data, workload):
        yield f"By medians, {one.said} in {name}; it was not declared."
