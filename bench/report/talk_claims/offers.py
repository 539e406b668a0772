"""Words that the data support, offered to the speaker beside words of the talk.

An offer names parts of a claim, and is made only while these turn out as it says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from bench.report.talk_claims.evidence import FAILS, HOLDS
from bench.report.talk_claims.files import FOLDER, listed, read
from bench.report.talk_claims.judge import Judged

FILE = FOLDER / "offers.toml"


@dataclass(frozen=True)
class Offer:
    """Words for those of a claim's quote, and the parts that have to hold and to fail."""

    claim: str
    instead_of: str
    says: str
    holds: tuple[str, ...] = ()
    fails: tuple[str, ...] = ()


@cache
def read_offers(path: Path = FILE) -> Sequence[Offer]:
    """Return the offers of a file. Raises UsageError for one that lacks a field."""

    def made(table: dict[str, Any]) -> Offer:
        return Offer(**listed(table, "holds", "fails"))

    return read(path, "offers", made)


def offer_for(judged: Judged) -> Offer | None:
    """Return the offer of a claim, or None if there is none that its data support."""
    found = {part.condition.says: part.outcome for part in judged.parts}
    for offer in read_offers():
        wanted = {**dict.fromkeys(offer.holds, HOLDS), **dict.fromkeys(offer.fails, FAILS)}
        if offer.claim == judged.claim.id and wanted.items() <= found.items():
            return offer
    return None
