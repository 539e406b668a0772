"""Facts of hosts for a user before a run: links, clocks, and the cost of rest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import combinations
from statistics import median
from typing import NamedTuple

from bench.sites import clocks
from bench.sites.far import Far
from bench.trial.clock import Offset

REST_S = 10.0
"""How long hosts are watched at rest: longer than agents hear that the harness lives."""


class Pair(NamedTuple):
    """The link between two hosts, as packets of a few bytes see it."""

    one: str
    other: str
    least_ns: int
    median_ns: float
    ahead: Offset
    """By how much the clock of ``one`` is ahead of that of ``other``."""


def pairs(sites: Sequence[Far]) -> Iterator[Pair]:
    """Yield each pair of hosts. Raises TrialError if two cannot talk."""
    for one, other in combinations(sites, 2):
        made = one.exchanges_from(other)
        trips_ns = [
            each.heard_ns - each.asked_ns - (each.answered_ns - each.received_ns)
            for each in made
        ]
        ahead = clocks.offset(made)
        yield Pair(one.name, other.name, min(trips_ns), median(trips_ns), ahead)


def at_rest(
    watched: Sequence[tuple[Far, Sequence[int]]], for_s: float
) -> list[list[float]]:
    """Return what processes of each site take while nothing is measured, in ms a second.

    ``watched`` has the process ids at each site.
    """

    def used_ms() -> list[list[float]]:
        return [site.ask("cpu_ms", pids=list(pids)) for site, pids in watched]

    before, began = used_ms(), time.monotonic()
    time.sleep(for_s)
    after, lasted_s = used_ms(), time.monotonic() - began
    return [
        [(late - early) / lasted_s for early, late in zip(*both, strict=True)]
        for both in zip(before, after, strict=True)
    ]
