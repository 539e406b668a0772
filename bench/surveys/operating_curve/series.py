"""The series: its pairs of runs, their order, and the cases of each run.

Every run has the same cases: the declared programs, an A/A copy of each, and one program
again with more work in its handler, once for each amount. So any two runs are a pair of one
revision. If the program with more work takes the place of the original in the second run,
they are a pair of two revisions (``outcomes``).

Each run is in one pair alone, so that pairs are independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from bench.contract.model import Case, Cell
from bench.contract.rows import PYTHON
from bench.run.declared import Declared, read_declared
from bench.run.plan import BLOCKS_MIN, Planned

CASE = "request_reply.latency.64B.tcp.1_clients.shared"
CHANGED = "http/uwsgi/request_reply.py"
"""The program that gets more work. Its server has one thread, which waits for nothing but
a request: so much more work takes so much more time."""
CHANGED_KEY = "http.uwsgi.python"
LEFT_OUT = ("http.minimal.python",)
"""Its windows take several times as long as all others."""
BLOCKS = BLOCKS_MIN
"""The blocks of a run: those of ``quick``."""
WORK = (3, 5, 10, 20)
"""The work that is added, in per cent of a round trip."""
BETWEEN_RUNS = (5, 10, 20)
"""The amounts that ``compare`` is to find."""
COPY = 1
"""The number of an A/A copy; programs with more work have the numbers after it."""
ALONE, OLD, NEW, BOTH = (False, False), (True, False), (False, True), (True, True)
NEIGHBOURS = (ALONE, NEW, ALONE, OLD, ALONE, BOTH)
"""Whether the old run of a pair has a neighbour, and the new one, by the pair."""


def copy_with(more: int) -> int:
    """Return the number of the case with so much more work; of 0 the original's."""
    return COPY + 1 + WORK.index(more) if more else 0


@dataclass(frozen=True)
class PlannedRun:
    """A run of the series. ``busy`` is whether it has a neighbour."""

    pair: int
    is_new: bool
    busy: bool

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"pair{self.pair:03d}.{'new' if self.is_new else 'old'}"


def planned_runs(pairs: int, seed: int) -> list[PlannedRun]:
    """Return the runs of so many pairs, in the order in which they are made.

    The runs of a group of pairs are shuffled. So the two of a pair are minutes apart, as
    often the new one first, and more pairs begin with the same runs.
    """
    found: list[PlannedRun] = []
    for first in range(0, pairs, len(NEIGHBOURS)):
        group = [
            PlannedRun(first + at, is_new, busy[is_new])
            for at, busy in enumerate(NEIGHBOURS)
            for is_new in (False, True)
        ]
        Random(f"{seed}:{first}").shuffle(group)
        found += [run for run in group if run.pair < pairs]
    return found


def declared_pairs() -> list[Declared]:
    """Return the declared comparisons of the series: those of its programs."""
    return [
        (name, first, second)
        for name, first, second in read_declared()
        if name == CASE
        and all(key.endswith(f".{PYTHON}") for key in (first, second))
        and not {first, second} & {*LEFT_OUT}
    ]


def programs(cells: Iterable[Cell]) -> list[Cell]:
    """Return the programs of the series, those of its declared comparisons."""
    keys = {key for _, *pair in declared_pairs() for key in pair}
    workload = CASE.split(".", maxsplit=1)[0]
    return [c for c in cells if c.workload.name == workload and c.key in keys]


def planned_cases(cells: Sequence[Cell], slowed: Mapping[int, Cell]) -> list[Planned]:
    """Return the plan of a run: ``programs``, and those with more work by its amount."""
    return [Planned(case, BLOCKS) for case in _cases(cells, slowed)]


def _cases(cells: Sequence[Cell], slowed: Mapping[int, Cell]) -> Iterator[Case]:
    for cell in cells:
        original = case_of(cell)
        yield original
        yield replace(original, copy=COPY)
    for more, cell in slowed.items():
        yield replace(case_of(cell), copy=copy_with(more))


def case_of(cell: Cell) -> Case:
    """Return the case of a program in this series."""
    return Case(cell, "latency", "tcp", 64, 1, "shared")
