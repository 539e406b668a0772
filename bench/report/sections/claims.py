"""The talk's claims, judged: a section of the report, and a page of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.report import words
from bench.report.model import Columns, Section, Table
from bench.report.sections.turning import turns
from bench.report.talk_claims.evidence import ABSENT, FAILS, HOLDS, OPEN, JudgedCondition
from bench.report.talk_claims.experiments import Measured
from bench.report.talk_claims.files import thresholds_digest
from bench.report.talk_claims.judge import Judged
from bench.report.talk_claims.offers import offer_for
from bench.report.talk_claims.rules import (
    DEPENDS,
    NOT_TESTED,
    REFUTED,
    UPHELD,
    VERDICTS,
)

PAGE = "claims.html"
DIGEST = "ledger"
"""The key of run.json under which a run keeps the checksum of the thresholds."""
TURNS = "measured, and what would change the verdict"
SHOWN = 3
"""The numbers of a part in one row; the page has all of them."""
LEAD = (
    "Each sentence of the talk that data could refute, compared with the data. A claim "
    "has parts, each with a threshold. Upheld: every part holds. Refuted: the claim as "
    "worded does not hold. Depends: some parts hold and others fail, or their data cannot "
    "tell, or they were not measured. Not tested here: this run has no number for it, and "
    "the page names the missing one. Code is counted in statements, tokens and gzip bytes: "
    "if the three disagree, the claim depends on the count. Only programs that make the "
    f"same promises are compared. {PAGE} shows every part, its control, every number's id, "
    "and what would refute or uphold it."
)
SUBJECTS = (
    "Data cannot refute some subjects of the talk. These have experiments and no verdicts."
)


def declared(about: Mapping[str, Any]) -> str:
    """Return whether the thresholds were there before the run."""
    kept = about.get(DIGEST)
    if kept == thresholds_digest():
        return "The thresholds are those that were declared when this run began."
    known = "Treat these verdicts as a description: the next run is the test."
    if kept is None:
        return f"This run was made before there were thresholds. {known}"
    return f"The thresholds were changed after this run began. {known}"


def count(judged: Sequence[Judged]) -> str:
    """Return "Of 41 claims: 5 upheld, 1 refuted, ..."."""
    found = Counter(one.verdict for one in judged)
    said = [f"{found[name]} {name}" for name in VERDICTS if found[name]]
    return f"Of {len(judged)} claims: {', '.join(said)}."


def in_short(judged: Sequence[Judged], page: str = PAGE) -> str:
    """Return the counts as a sentence that links to the page with all of them."""
    found = Counter(one.verdict for one in judged)
    return (
        f"[{PAGE}]({page}) judges {words.plural(len(judged), 'sentence')} of the talk: "
        f"{found[UPHELD]} upheld, {found[REFUTED]} refuted, {found[DEPENDS]} mixed (some "
        "parts hold, others fail or are undecided), "
        f"{found[NOT_TESTED]} not tested."
    )


def changes(judged: Judged) -> str:
    """Return what would change a claim's verdict, in one line."""
    said = [
        f"{part.condition.says}. {turns(part)}"
        for part in judged.parts
        if part.outcome != ABSENT
    ]
    if judged.lacking:
        said.append(f"Not measured: {'; '.join(judged.lacking)}")
    return ". ".join(text[:1].upper() + text[1:] for text in said) + "."


def _numbers(part: JudgedCondition) -> str:
    """Return a part's numbers, those that contradict it first."""
    order = {FAILS: 0, OPEN: 1, HOLDS: 2}
    ranked = sorted(part.evidence, key=lambda f: (order[f.outcome], abs(f.margin)))
    shown = [f"{f.shown} [{' over '.join(f.ids)}]" for f in ranked[:SHOWN]]
    more = len(ranked) - SHOWN
    return "; ".join(shown) + (f"; {more} more" if more > 0 else "")


def _parts_table(judged: Sequence[Judged]) -> Table:
    columns: Columns[tuple[str, JudgedCondition]] = {
        "claim": lambda of: of[0],
        "part": lambda of: of[1].condition.says,
        "threshold": lambda of: of[1].condition.threshold,
        "outcome": lambda of: (
            f"{of[1].outcome} ({of[1].counted})" if of[1].evidence else of[1].outcome
        ),
        "numbers": lambda of: _numbers(of[1]) or words.PASSED_OVER,
        TURNS: lambda of: turns(of[1]),
    }
    parts = ((one.claim.id, part) for one in judged for part in one.parts)
    return Table.of(parts, columns, "Every part of every claim", folded=True)


def _experiments_table(subjects: Sequence[Measured]) -> Table:
    columns: Columns[Measured] = {
        "experiment": lambda one: one.experiment.id,
        "subject": lambda one: one.experiment.subject,
        "asks": lambda one: one.experiment.asks,
        "control": lambda one: one.experiment.control,
        "measured": lambda one: _series(f"{shown} [{name}]" for name, shown in one.found),
        "planned": lambda one: _series(one.experiment.planned),
    }
    return Table.of(subjects, columns, "Experiments on subjects that are no claims")


def _series(texts: Iterable[str]) -> str:
    return "; ".join(texts) or words.PASSED_OVER


def section(
    judged: Sequence[Judged], about: Mapping[str, Any], subjects: Sequence[Measured] = ()
) -> Section:
    """Return the report's section: claims, their parts, and experiments without a claim."""
    columns: Columns[Judged] = {
        "claim": lambda one: one.claim.id,
        "the talk says": lambda one: one.claim.quote,
        "verdict": lambda one: one.verdict,
        "because": lambda one: one.reason,
        "what would change it": changes,
    }
    made = [Table.of(judged, columns), _parts_table(judged)]
    said = [LEAD, f"{count(judged)} {declared(about)}"]
    if subjects:
        said.append(SUBJECTS)
        made.append(_experiments_table(subjects))
    return Section("claims", "What the talk claims", said, tables=made)


def page_parts(
    judged: Sequence[Judged], about: Mapping[str, Any], subjects: Sequence[Measured] = ()
) -> dict[str, Any]:
    """Return what the template of the page needs beside facts and machine."""
    return {
        "lead": LEAD,
        "count": count(judged),
        "declared": declared(about),
        "judged": judged,
        "verdicts": VERDICTS,
        "turns": turns,
        "offer_for": offer_for,
        "subjects": subjects,
        "subjects_lead": SUBJECTS,
    }
