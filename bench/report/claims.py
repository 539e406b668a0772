"""The talk's claims, judged: a section of the report, and a page of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bench.charts import words
from bench.claims.evidence import (
    ABSENT,
    EVERY,
    FAILS,
    HOLDS,
    MOST,
    OPEN,
    SOME,
    Finding,
    Part,
)
from bench.claims.files import ledger_digest
from bench.claims.rules import VERDICTS
from bench.claims.talk import Judged
from bench.report.model import Section, Table

PAGE = "claims.html"
DIGEST = "ledger"
"""The key of run.json under which a run keeps the checksum of the thresholds."""
SHOWN = 3
"""How many numbers of a part stand in a row; the page has all of them."""
TO_FAIL = {EVERY: "one is", MOST: "half of them are", SOME: "all are"}
TO_HOLD = {EVERY: "all are", MOST: "more than half are", SOME: "one is"}
"""How many numbers have to change for a part to change, by how many it asks for."""
LEAD = (
    "What the talk says, sentence by sentence, against what was measured. A claim is "
    "judged by parts, each with a threshold. Upheld: every part holds. Refuted: as worded, "
    "it does not. Depends: parts of it hold and others fail, cannot be told, or were not "
    "measured. Not "
    "tested here: no number of this run decides on it; what is missing is named. A verdict "
    f"counts in both directions: {PAGE} shows every part, every number's id, and what "
    "would change it."
)


def declared(about: Mapping[str, Any]) -> str:
    """Return whether the thresholds were there before the run."""
    kept = about.get(DIGEST)
    if kept == ledger_digest():
        return "The thresholds are those that were declared when this run began."
    known = "its verdicts describe it, the next run's will test them."
    if kept is None:
        return f"This run was made before there were thresholds: {known}"
    return f"Thresholds have been changed since this run began: {known}"


def count(judged: Sequence[Judged]) -> str:
    """Return "Of 41 claims: 5 upheld, 1 refuted, ..."."""
    found = Counter(one.verdict for one in judged)
    said = [f"{found[name]} {name}" for name in VERDICTS if found[name]]
    return f"Of {len(judged)} claims: {', '.join(said)}."


def closest(part: Part) -> Finding:
    """Return the finding that is nearest to its limit on the side where it counts."""
    mine = [f for f in part.findings if f.outcome == part.outcome] or list(part.findings)
    return min(mine, key=lambda f: abs(f.margin))


def turns(part: Part) -> str:
    """Return what would change the outcome of a part."""
    condition = part.condition
    if part.outcome == ABSENT:
        return f"needs {condition.lacks}" if condition.lacks else "needs the numbers"
    if part.outcome == OPEN:
        usual = "narrower intervals: more blocks, or a quieter machine"
        return f"needs {condition.narrows or usual}"
    holds = part.outcome == HOLDS
    who = (TO_FAIL if holds else TO_HOLD)[condition.of]
    verb = "fails" if holds else "holds"
    if condition.verdicts:
        what = " or ".join(condition.verdicts)
        return f"{verb} when {who} {'not ' if holds else ''}{what}"
    if condition.at_least is None:
        side = f"above {condition.at_most:g}" if holds else f"at most {condition.at_most:g}"
    else:
        side = (
            f"below {condition.at_least:g}" if holds else f"at least {condition.at_least:g}"
        )
    return f"{verb} when {who} {side}; the nearest is {closest(part).shown}"


def changes(judged: Judged) -> str:
    """Return what would change a claim's verdict, in one line."""
    said = [
        f"{part.condition.says}: {turns(part)}"
        for part in judged.parts
        if part.outcome != ABSENT
    ]
    if judged.lacking:
        said.append(f"not measured: {'; '.join(judged.lacking)}")
    return ". ".join(text[:1].upper() + text[1:] for text in said) + "."


def _numbers(part: Part) -> str:
    """Return a part's numbers, those that speak against it first."""
    order = {FAILS: 0, OPEN: 1, HOLDS: 2}
    ranked = sorted(part.findings, key=lambda f: (order[f.outcome], abs(f.margin)))
    shown = [f"{f.shown} [{' over '.join(f.ids)}]" for f in ranked[:SHOWN]]
    more = len(ranked) - SHOWN
    return "; ".join(shown) + (f"; {more} more" if more > 0 else "")


def _parts_table(judged: Sequence[Judged]) -> Table:
    columns = ["claim", "part", "threshold", "outcome", "numbers", "what would turn it"]
    rows = [
        [
            one.claim.id,
            part.condition.says,
            part.condition.threshold,
            f"{part.outcome} ({part.counted})" if part.findings else part.outcome,
            _numbers(part) or words.PASSED_OVER,
            turns(part),
        ]
        for one in judged
        for part in one.parts
    ]
    return Table(columns, rows, "Every part of every claim", folded=True)


def section(judged: Sequence[Judged], about: Mapping[str, Any]) -> Section:
    """Return the report's section: a row for each claim, and one for each part."""
    columns = ["claim", "the talk says", "verdict", "because", "what would change it"]
    rows = [
        [one.claim.id, one.claim.quote, one.verdict, one.reason, changes(one)]
        for one in judged
    ]
    made = [Table(columns, rows), _parts_table(judged)]
    said = [LEAD, f"{count(judged)} {declared(about)}"]
    return Section("claims", "What the talk claims", said, tables=made)


def page_parts(judged: Sequence[Judged], about: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template of the page needs beside facts and machine."""
    return {
        "lead": LEAD,
        "count": count(judged),
        "declared": declared(about),
        "judged": judged,
        "verdicts": VERDICTS,
        "turns": turns,
    }
