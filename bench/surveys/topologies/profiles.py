"""How much of a survey is made: a first look, as much as claims need, or all."""

from __future__ import annotations

from dataclasses import dataclass

TIMED_AT_ONCE, CROWDED_AT_ONCE = 4, 2
"""Timed trials side by side. Each takes a tenth of a core at most; one with a crowd of
clients takes two thirds of a core with the slowest client of HTTP, and a database."""
WEBS_AT_ONCE = 3
"""Webs of 12 peers side by side. The processes of each take a third of a core. A web of
twice as many has four times as many pairs, and runs alone."""


@dataclass(frozen=True)
class Profile:
    """``trials`` of each situation, of which six give a median an interval of 95 %.

    ``crowds`` says whether one server is also asked by further numbers of clients, and
    ``large_webs`` whether there are further webs, of more peers.
    ``at_once`` trials are side by side. They wait most of the time; only times suffer.
    """

    name: str
    trials: int
    at_once: int
    crowds: bool = False
    large_webs: bool = False


PROFILES = {
    profile.name: profile
    for profile in (
        Profile("quick", trials=1, at_once=8),
        Profile("standard", trials=6, at_once=8, crowds=True),
        Profile("full", trials=6, at_once=2, crowds=True, large_webs=True),
    )
}
