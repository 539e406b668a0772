"""The network between hosts apart: which runs have the same, and ratios over several.

Cases apart of two runs are changes of each other on one network only. Over several
networks their ratios stand side by side, from loopback to the longest delay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.analysis.compared_rows import Comparison
from bench.analysis.side import Side
from bench.contract.model import APART
from bench.contract.rows import CaseRow
from bench.run.declared import Declared, placed
from bench.run.manifest import DELAY, HOSTED

About = Mapping[str, Any]
LOOPBACK = ("shared", "split")
"""The placements on one host that stand beside hosts apart."""


def delay_of(about: About) -> float | None:
    """Return how long a run's link holds a packet in each direction, None without one.

    In milliseconds.
    """
    found = about.get(DELAY)
    return None if found is None else float(found)


def same_network(case: CaseRow, here: About, there: About) -> bool:
    """Say whether the processes of a case have the same network between them in two runs.

    All cases do that are on one host.
    """
    if case.placement != APART:
        return True
    return all(here.get(fact) == there.get(fact) for fact in (HOSTED, DELAY))


@dataclass(frozen=True, eq=False)
class Place:
    """A placement in a run. ``delay_ms`` is that of the link between hosts apart."""

    side: Side
    placement: str
    delay_ms: float | None = None

    def of(self, pair: Comparison) -> Comparison | None:
        """Return what was found here for the programs of a pair, None if nothing was."""
        name, first, second = pair.identity
        there = (placed(name, pair.a.placement, self.placement), first, second)
        return self.side.by_identity.get(there)


def places(sides: Sequence[Side]) -> list[Place]:
    """Return loopback as the first of some runs has it, then hosts apart by their delay.

    Hosts without a link of the project's own come before those with one.
    """
    first = sides[0]
    there = {pair.a.placement for pair in first.declared}
    here = [Place(first, placement) for placement in LOOPBACK if placement in there]
    apart = [Place(s, APART, delay_of(s.about)) for s in sides if any(_apart(s))]
    return [*here, *sorted(apart, key=_by_delay)]


def _by_delay(place: Place) -> float:
    return -1.0 if place.delay_ms is None else place.delay_ms


def _apart(side: Side) -> Iterator[Comparison]:
    return (pair for pair in side.declared if pair.a.placement == APART)


def declared_apart(sides: Sequence[Side]) -> list[Comparison]:
    """Return the comparisons that some runs declared on hosts apart, each once."""
    found: dict[Declared, Comparison] = {}
    for side in sides:
        for pair in _apart(side):
            found.setdefault(pair.identity, pair)
    return list(found.values())
