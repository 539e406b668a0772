"""The claims of a run: which comparisons were declared before it was made."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from bench.errors import UsageError

FILE = Path(__file__).with_name("headline.toml")
MOST = 25
"""With ten blocks a family of more claims has no test at 5 % (docs/method.md)."""

Claim = tuple[str, str, str]
"""The name of a case, and the keys of the two cells, first over second."""


def read_claims(path: Path = FILE) -> list[Claim]:
    """Return the declared claims, in order.

    Raises UsageError for a file that is not as its own comment says.
    """
    try:
        entries = tomllib.loads(path.read_text())["claims"]
        claims = [
            (str(case), str(first), str(second))
            for entry in entries
            for case in entry["cases"]
            for first, second in entry["pairs"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} declares no claims: {error}") from error
    if len(claims) > MOST or len(set(claims)) < len(claims):
        raise UsageError(f"{path} declares {len(claims)} claims: at most {MOST}, each once")
    return claims


def rests_on(name: str, twin: int, key: str, claims: Collection[Claim]) -> bool:
    """Say whether a claim rests on a case: on one of its two cells, or on an A/A twin."""
    original = name.removesuffix(f".twin{twin}")
    return any(original == claim[0] and key in claim[1:] for claim in claims)


def claims_of(about: Mapping[str, Any]) -> set[Claim]:
    """Return what a run declared; a run of an earlier version, what is declared now."""
    kept = about.get("claims")
    return set(read_claims() if kept is None else map(tuple, kept))
