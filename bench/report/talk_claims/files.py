"""Where the talk's claims are written down, how, and a checksum that a run keeps."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from bench.errors import UsageError

T = TypeVar("T")

FOLDER = Path(__file__).parent
CHAPTERS = ("framing", "sockets", "http", "zeromq")
"""The talk's chapters that claim something, in its order; a file each."""


def read(path: Path, name: str, make: Callable[[dict[str, Any]], T]) -> list[T]:
    """Return what ``make`` makes of the tables of a file that have a name.

    Raises UsageError for a file without them, and for one of which it cannot be made.
    """
    try:
        return list(map(make, tomllib.loads(path.read_text(encoding="utf-8"))[name]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: one of its {name} cannot be read: {error}") from error


def listed(table: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return a table in which these fields are tuples, empty ones where they lack."""
    return {**table, **{name: tuple(table.get(name, ())) for name in names}}


def thresholds_digest(folder: Path = FOLDER) -> str:
    """Return a checksum of all thresholds: a run keeps the one that it was made with."""
    digest = hashlib.sha256()
    for name in CHAPTERS:
        digest.update((folder / f"{name}.toml").read_bytes())
    return digest.hexdigest()[:16]
