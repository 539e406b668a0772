"""The leader in words: the part of an answer that a reader remembers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.contract.alike import stack_order
from bench.report import words
from bench.report.charts.findings import listed
from bench.report.model import Data

IN_PYTHON = " (programs in Python)"
UNDECIDED = "the data cannot tell"


def leaders(found: Sequence[tuple[str, Sequence[str]]], data: Data) -> str:
    """Return the leaders: "A", or "A in request/reply, A or B in pipeline".

    ``found`` are places with the stacks that nothing there tells from the first.
    """
    where: dict[str, list[str]] = {}
    for place, stacks in found:
        known = (data.stack(s) for s in sorted(stacks, key=stack_order))
        where.setdefault(" or ".join(known), []).append(place)
    if len(where) == 1:
        (names,) = where
        return f"{names}: {UNDECIDED}" if len(found[0][1]) > 1 else names
    return ", ".join(f"{names} {listed(places)}" for names, places in where.items())


def of_languages(languages: Iterable[str]) -> str:
    """Return " (programs in Python)" if an answer is about those alone, else ''."""
    every = {language.startswith(words.PYTHON) for language in languages}
    return IN_PYTHON if every == {True} else ""
