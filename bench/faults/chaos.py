"""A monkey strikes a web of peers every two seconds, and each victim comes back.

All that it does is drawn beforehand from a seed, so that every program meets the same, and
the same seed does it again. A blow to a hub is lost on a program that has none.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from bench.faults.boxes import CUT, FROZEN, KILLED
from bench.faults.processes import READY_S

if TYPE_CHECKING:
    from bench.faults.web import WebTrial
    from bench.faults.web_members import Member

EACH_S = 2.0
LASTS_S = 30.0
AFTER_S = 4.0
"""How long the web has to get over the last blow."""
ILL_S = {KILLED: 1.5, FROZEN: 3.0, CUT: 3.0}
"""How long a victim is ill. Shorter ones would pass unseen within the two seconds that an
answer may take."""
ILL_MAX = 2


class Blow(NamedTuple):
    """One blow: the seconds after the first one, the kind, and the number of the victim."""

    at_s: float
    how: str
    number: int


def plan(seed: str, places: int, lasts_s: float = LASTS_S) -> list[Blow]:
    """Return all blows to ``places`` members, of which at most two are ill at a time."""
    rng = random.Random(seed)
    found: list[Blow] = []
    for step in range(int(lasts_s / EACH_S)):
        at_s = step * EACH_S
        ill = {b.number for b in found if b.at_s + ILL_S[b.how] > at_s}
        well = [number for number in range(places) if number not in ill]
        if len(ill) < ILL_MAX:
            found.append(Blow(at_s, rng.choice([*ILL_S]), rng.choice(well)))
    return found


def unleash(trial: WebTrial, blows: Sequence[Blow]) -> None:
    """Give all blows in time, and heal each victim; then let the web get over it."""
    began = time.monotonic()
    for at_s, act in sorted(_acts(trial, blows), key=lambda act: act[0]):
        trial.wait(began + at_s - time.monotonic())
        act()
    trial.wait(began + LASTS_S + AFTER_S - time.monotonic())


def _acts(
    trial: WebTrial, blows: Sequence[Blow]
) -> Iterator[tuple[float, Callable[[], None]]]:
    by_number = {each.number: each for each in trial.members.all}
    for blow in blows:
        if victim := by_number.get(blow.number):
            strike, cure = _strike_and_cure(trial, victim, blow.how)
            yield blow.at_s, strike
            yield blow.at_s + ILL_S[blow.how], cure


def _strike_and_cure(
    trial: WebTrial, victim: Member, how: str
) -> tuple[Callable[[], None], Callable[[], None]]:
    members = trial.members
    if how == FROZEN:
        return lambda: members.freeze(victim), lambda: members.thaw(victim)
    if how == CUT:
        return lambda: members.cut(victim), lambda: members.heal(victim)
    return lambda: _replace(trial, victim), lambda: _come_back(trial, victim)


def _replace(trial: WebTrial, victim: Member) -> None:
    """Kill a member, and have another process of it load its program."""
    trial.members.kill(victim)
    trial.members.spawn(victim)


def _come_back(trial: WebTrial, victim: Member) -> None:
    """Let the next life of a member begin, and all others know of it."""
    ready, name = trial.group.progress.ready, victim.process.name
    trial.expect(f"{name} was not ready", READY_S, lambda: name in ready)
    trial.members.move(victim)
    trial.enter(victim)
    trial.have_begin(victim)
    if victim in trial.members.peers:
        for each in trial.members.living():
            trial.members.introduce(each, [victim])
