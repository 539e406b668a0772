"""claims.json: the verdict on each claim, for a page that shows or cites verdicts.

README, the pages and the deck get theirs from the same numbers by the same rules.
A list with one entry for each claim, in the order of the talk: ``id``, ``quote``,
``verdict``, ``reason`` in a sentence, ``parts`` and ``missing``, which is what nobody
measured. ``offered`` has words that the data support, for the words of the quote that stand
in ``instead_of``; both are empty where none are offered. A part has ``says``,
``threshold``, ``outcome`` and ``numbers``, the ids of numbers.json that it looked at.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from bench.report.talk_claims.evidence import JudgedCondition
from bench.report.talk_claims.judge import Judged
from bench.report.talk_claims.offers import offer_for

FILE = "claims.json"


def entries(judged: Sequence[Judged]) -> list[dict[str, Any]]:
    """Return the entries of claims.json."""
    return [
        {
            "id": one.claim.id,
            "quote": one.claim.quote,
            "verdict": one.verdict,
            "reason": f"{one.reason[:1].upper()}{one.reason[1:]}.",
            "parts": [_part(part) for part in one.parts],
            "missing": one.lacking,
            "instead_of": offer.instead_of if offer else "",
            "offered": offer.says if offer else "",
        }
        for one in judged
        for offer in [offer_for(one)]
    ]


def _part(part: JudgedCondition) -> dict[str, Any]:
    ids = (name for finding in part.evidence for name in finding.ids)
    return {
        "says": part.condition.says,
        "threshold": part.condition.threshold,
        "outcome": part.outcome,
        "numbers": [*dict.fromkeys(ids)],
    }


def text(judged: Sequence[Judged]) -> str:
    """Return claims.json as it is written."""
    return json.dumps(entries(judged), indent=1, ensure_ascii=False) + "\n"
