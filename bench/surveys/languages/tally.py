"""Summaries of a survey of languages: pure functions of its document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from bench.surveys import document

Row = Mapping[str, Any]
FILE = "languages.json"


@dataclass(frozen=True)
class Count:
    """A number or a share of languages, and the sentence that describes them.

    ``low`` is the value if nothing untried works, ``high`` the value if all of it works.
    """

    id: str
    value: float
    low: float
    high: float
    unit: str
    sentence: str


def read(path: Path) -> dict[str, Any] | None:
    """Return a survey, or None if there is none. Raises ResultsError if it is damaged."""
    return document.read(path, lambda found: by_language(found["rows"]), "languages")


def by_language(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return a row for each language, with its working binding if there is one.

    ``rows`` has the rows of a language next to each other. The result has ``language``,
    ``listed_for``, and three answers: ``interoperates``, ``http_client``, ``http_server``.
    An answer is None if nothing was tried.
    """
    return [
        _one(name, list(members))
        for name, members in groupby(rows, key=lambda row: str(row["language"]))
    ]


def _one(name: str, rows: list[Row]) -> dict[str, Any]:
    found = {row["interoperates"] for row in rows}
    first = rows[0]
    return {
        "language": name,
        "listed_for": first["listed_for"],
        "interoperates": True if True in found else False if False in found else None,
        "http_client": first["http_client_works"],
        "http_server": first["http_server_works"],
    }


def extent(rows: Iterable[Row], question: str) -> tuple[int, int]:
    """Return the number of languages with the answer true, and of those without answer."""
    answers = [row[question] for row in rows]
    return answers.count(True), answers.count(None)


def share(working: int, untried: int, total: int) -> tuple[float, float]:
    """Return the share of ``working`` in ``total``, and the share if all untried worked."""
    return working / total, (working + untried) / total


def _count(identifier: str, value: int, sentence: str, more: int = 0) -> Count:
    high = value + more
    said = f"{sentence} (up to {high}, {more} not being tried)" if more else sentence
    return Count(f"languages.{identifier}", value, value, high, "languages", said)


def counted(survey: Mapping[str, Any]) -> list[Count]:
    """Return the numbers of a survey, for all languages in its list."""
    rows = by_language(survey["rows"])
    total = len(rows)
    of = f"of {total} languages surveyed"
    working, untried = extent(rows, "interoperates")
    low, high = share(working, untried, total)
    tried = total - untried
    return [
        _count("surveyed", total, f"{total} languages surveyed"),
        _count(
            "zmq.tried",
            tried,
            f"{tried} {of} have a binding of ZeroMQ that was tried",
        ),
        _count(
            "zmq.interoperating",
            working,
            f"{working} {of} have a binding of ZeroMQ in {survey['registries']} that talks "
            f"to Python's, of {tried} in which one was tried",
        ),
        _count(
            "zmq.untried",
            untried,
            f"{untried} {of} have a binding of ZeroMQ that was not tried: not installed "
            "here, or published elsewhere",
        ),
        Count(
            "languages.zmq.share",
            low,
            low,
            high,
            "of the languages",
            f"a binding of ZeroMQ works in a share of {low:.3g} to {high:.3g} {of}: a "
            f"range, from none to all of the {untried} that were not tried",
        ),
        *(
            _count(
                f"http_{side}.standard_library",
                works,
                f"{works} {of} have an HTTP {side} in their standard library",
                more,
            )
            for side in ("client", "server")
            for works, more in [extent(rows, f"http_{side}")]
        ),
    ]
