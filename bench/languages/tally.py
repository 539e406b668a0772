"""What a survey comes to: pure functions of its document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from bench import surveys

Row = Mapping[str, Any]
FILE = "languages.json"
STANDARD_LIBRARY = "standard library"
"""The source of a binding that nobody has to install; no language has had one so far."""


@dataclass(frozen=True)
class Count:
    """A number of languages, with the sentence that says what they have in common."""

    id: str
    value: int
    sentence: str


def read(path: Path) -> dict[str, Any] | None:
    """Return a survey, None where there is none. Raises ResultsError if damaged."""
    return surveys.read(path, lambda found: by_language(found["rows"]), "languages")


def by_language(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return a row for each language: with the binding that works, if any does.

    Rows of one language stand together. Gives ``language``, ``surveyed``,
    ``interoperates``, ``available``, ``elsewhere``, ``built_in``, ``http_client``,
    ``http_server``.
    """
    return [
        _one(name, list(members))
        for name, members in groupby(rows, key=lambda row: str(row["language"]))
    ]


def _one(name: str, rows: list[Row]) -> dict[str, Any]:
    found = {row["interoperates"] for row in rows}
    first = rows[0]
    interoperates = True if True in found else False if False in found else None
    available = any(row["available"] for row in rows)
    http = [first["http_client_works"], first["http_server_works"]]
    answered = (interoperates is not None or not available) and None not in http
    return {
        "language": name,
        "surveyed": first["installed"] and answered,
        "interoperates": interoperates,
        "available": available,
        "elsewhere": first["elsewhere"],
        "built_in": any(row["source"] == STANDARD_LIBRARY for row in rows),
        "http_client": http[0],
        "http_server": http[1],
    }


def counted(survey: Mapping[str, Any]) -> list[Count]:
    """Return the numbers of a survey, over the languages whose every answer is known."""
    rows = [row for row in by_language(survey["rows"]) if row["surveyed"]]
    of = f"of {len(rows)} languages surveyed"
    working = sum(row["interoperates"] is True for row in rows)
    client, server = (
        sum(row[f"http_{side}"] is True for row in rows) for side in ("client", "server")
    )
    inside = sum(row["built_in"] for row in rows)
    return [
        Count(
            "languages.surveyed",
            len(rows),
            f"{len(rows)} languages surveyed: installed, and every question answered",
        ),
        Count(
            "languages.zmq.interoperating",
            working,
            f"{working} {of} have a binding of ZeroMQ in {survey['registries']} that talks "
            "to Python's",
        ),
        Count(
            "languages.zmq.standard_library",
            inside,
            f"{inside} {of} have ZeroMQ in their standard library",
        ),
        Count(
            "languages.http_client.standard_library",
            client,
            f"{client} {of} have an HTTP client in their standard library",
        ),
        Count(
            "languages.http_server.standard_library",
            server,
            f"{server} {of} have an HTTP server in their standard library",
        ),
    ]
