"""Words that the data support, offered to the speaker beside words of the talk.

An offer names parts of a claim, and is made only while these turn out as it says.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.report.talk_claims.evidence import FAILS, HOLDS
from bench.report.talk_claims.judge import Judged

FILE = Path(__file__).parent / "offers.toml"


@dataclass(frozen=True)
class Offer:
    """Words for those of a claim's quote, and the parts that have to hold and to fail."""

    claim: str
    instead_of: str
    says: str
    holds: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()


def _offer(table: Mapping[str, Any]) -> Offer:
    lists = {name: tuple(table.get(name, ())) for name in ("holds", "fails")}
    return Offer(**{**table, **lists})


@cache
def read_offers(path: Path = FILE) -> Sequence[Offer]:
    """Return the offers of a file. Raises UsageError for one that lacks a field."""
    try:
        return tuple(map(_offer, tomllib.loads(path.read_text())["offers"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} has an offer that cannot be read: {error}") from error


def offer_for(judged: Judged) -> Offer | None:
    """Return the offer of a claim, or None if there is none that its data support."""
    found = {part.condition.says: part.outcome for part in judged.parts}
    for offer in read_offers():
        wanted = {**dict.fromkeys(offer.holds, HOLDS), **dict.fromkeys(offer.fails, FAILS)}
        if offer.claim == judged.claim.id and wanted.items() <= found.items():
            return offer
    return None
