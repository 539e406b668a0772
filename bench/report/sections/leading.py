"""The leader in words: the part of an answer that a reader remembers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bench.contract.alike import stack_order
from bench.report import words
from bench.report.charts.findings import listed
from bench.report.model import Data

IN_PYTHON = " (programs in Python)"
LEVEL = "no difference shown"


class Led(NamedTuple):
    """A place, "in pipeline", with the stacks that nothing there tells from the first.

    ``of`` is how many stacks were compared there.
    """

    place: str
    stacks: Sequence[str]
    of: int


def leaders(found: Sequence[Led], data: Data) -> str:
    """Return the leaders: "A", or "A in request/reply, A or B in pipeline".

    A place in which all stacks are level has no leader: "no difference shown in pipeline".
    """
    where: dict[str, list[str]] = {}
    for place, stacks, of in found:
        known = [data.stack(s) for s in sorted(stacks, key=stack_order)]
        names = LEVEL if len(known) == of > 1 else " or ".join(known)
        where.setdefault(names, []).append(place)
    if len(where) == 1:
        (names,) = where
        several = names != LEVEL and len(found[0].stacks) > 1
        return f"undecided between {names.replace(' or ', ' and ')}" if several else names
    return ", ".join(f"{names} {listed(places)}" for names, places in where.items())


def of_languages(languages: Iterable[str]) -> str:
    """Return " (programs in Python)" if an answer is about those alone, else ''."""
    every = {language.startswith(words.PYTHON) for language in languages}
    return IN_PYTHON if every == {True} else ""
