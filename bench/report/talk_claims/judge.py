"""The talk's claims: read from data, judged by numbers.json.

A claim has its quote, the experiment that tests it, conditions with thresholds, and a rule
that makes a verdict of them. The thresholds were written down before a run; a later one
names the data that were known. Missing experiments stand beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import UsageError
from bench.report.talk_claims.conditions import Condition, condition
from bench.report.talk_claims.evidence import Entry, JudgedCondition, look
from bench.report.talk_claims.files import CHAPTERS, FOLDER, listed, read
from bench.report.talk_claims.rules import NOT_TESTED, RULES, reason


@dataclass(frozen=True)
class TalkClaim:
    """One claim of the talk; ``missing`` are experiments that do not exist yet.

    ``control`` is what the same experiment does where the claim says nothing, or "none
    needed:" and why.
    """

    id: str
    quote: str
    experiment: str
    control: str
    refuted_if: str
    rule: str
    conditions: tuple[Condition, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Judged:
    """A claim with its verdict and all that led to it."""

    claim: TalkClaim
    parts: tuple[JudgedCondition, ...]
    verdict: str

    @property
    def reason(self) -> str:
        """Why it has its verdict; of a claim without conditions, what they would take."""
        if not self.parts:
            return f"it takes {', '.join(self.claim.missing)}"
        return reason([part.outcome for part in self.parts])

    @property
    def lacking(self) -> list[str]:
        """The measurements that are missing, in words."""
        absent = (
            ": ".join(filter(None, (part.condition.says, part.condition.lacks)))
            for part in self.parts
            if not part.evidence
        )
        return [*absent, *self.claim.missing]


def _claim(table: dict[str, Any]) -> TalkClaim:
    conditions = tuple(condition(part) for part in table.pop("conditions", []))
    fields = {"rule": "part_by_part", **listed(table, "missing")}
    made = TalkClaim(conditions=conditions, **fields)
    if not made.control.strip():
        raise ValueError(f"{made.id}: has neither a control nor a reason for none")
    if made.rule not in RULES:
        raise ValueError(f"{made.id}: no rule {made.rule!r}, there are {', '.join(RULES)}")
    if not conditions and not made.missing:
        raise ValueError(f"{made.id}: has neither conditions nor a list of what is missing")
    return made


def read_claims(folder: Path = FOLDER) -> list[TalkClaim]:
    """Return the talk's claims in the order of the talk.

    Raises UsageError for a file that is not as ``Condition`` and ``TalkClaim`` say.
    """
    claims: list[TalkClaim] = []
    for name in CHAPTERS:
        claims += read(folder / f"{name}.toml", "claims", _claim)
    ids = [claim.id for claim in claims]
    if len(set(ids)) < len(ids):
        raise UsageError(f"{folder} has two claims with one id: {sorted(ids)}")
    return claims


def judge(claims: Iterable[TalkClaim], entries: Sequence[Entry]) -> list[Judged]:
    """Return each claim with its verdict; ``entries`` are those of numbers.json."""
    known = {str(entry["id"]): entry for entry in entries}
    made = []
    for claim in claims:
        parts = tuple(look(condition, known) for condition in claim.conditions)
        outcomes = [part.outcome for part in parts]
        tested = any(part.decides for part in parts)
        verdict = RULES[claim.rule](outcomes) if tested else NOT_TESTED
        made.append(Judged(claim, parts, verdict))
    return made
