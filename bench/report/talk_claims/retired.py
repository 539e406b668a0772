"""Numbers that were published once and are measured no more, with the reason."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("retired.toml")


@cache
def retired(path: Path = FILE) -> dict[str, str]:
    """Return the reason of every pattern of ids."""
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["retired"]
    return {pattern: entry["reason"] for entry in entries for pattern in entry["ids"]}


def why_retired(identifier: str) -> str:
    """Return why no run has a number any more, '' of one that a run should have."""
    found = (why for pattern, why in retired().items() if fnmatch(identifier, pattern))
    return next(found, "")


def missing(cited: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the ids that are cited, not known, and not retired."""
    there = set(known)
    return [name for name in cited if name not in there and not why_retired(name)]
