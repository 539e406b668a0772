"""How far to believe a run, in plain words: repetitions, A/A check and grade."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from bench.analysis.compared_rows import Check, Comparison, Copy
from bench.analysis.comparisons import comparisons, grade_of, of_kind
from bench.analysis.copies import copies_of, excluding, failed
from bench.analysis.results import Run
from bench.analysis.stats import BLOCKS_MIN
from bench.contract.alike import Kind
from bench.report import words
from bench.report.ratio import FAILED
from bench.report.sentences import copies_differ
from bench.run.environment import Grade, per_cent

BLOCKS_HEADLINE = 10
"""With fewer blocks than this in any declared comparison, a run is a screening."""
GRADES = {"A": "a quiet machine", "B": "a fairly quiet machine", "C": "a noisy machine"}


def standing(
    compared: Sequence[Comparison],
    copies: Sequence[Copy],
    grade: Grade,
    stacks: words.Stacks,
) -> list[str]:
    """Return the sentences that a run's answers open with.

    The rows are ``comparisons`` and ``copies_of`` of the run, ``stacks`` its labels.
    """
    counted = of_kind(compared, Kind.DECLARED) or compared
    least = min((pair.times.blocks_done for pair in counted), default=0)
    machine = GRADES.get(grade.letter, "")
    graded = f"Grade {grade.letter}, {machine}: {' '.join(grade.reasons[-1:])}".rstrip(": ")
    return [*_repeated(least), *check_sentences(copies, stacks), graded]


def standing_of(run: Run) -> list[str]:
    """Return the same of a run alone."""
    copies = copies_of(run)
    return standing(comparisons(run), copies, grade_of(run, copies), run.about["stacks"])


def noise_percent(widths: Sequence[float]) -> float | None:
    """Return by how many percent copies may differ, None if it is not known of each."""
    known = bool(widths) and all(map(math.isfinite, widths))
    return 100 * max(widths) if known else None


def noise_sentence(percent: float) -> str:
    return (
        "A/A check: two copies of the same program may differ by up to "
        f"{per_cent(percent / 100)}."
    )


def check_sentences(copies: Sequence[Copy], stacks: words.Stacks) -> list[str]:
    """Return whether copies of one program differ in a run, and what follows from it."""
    known = [copy for copy in copies if copy.check != Check.NONE]
    if not known:
        return [
            "A/A check: none, since no program was measured twice often enough. Verdicts "
            "rest on their intervals alone."
        ]
    found, wrong = excluding(known), failed(known)
    if found.too_many:
        return [
            f"{FAILED}: in {found.found} of {found.copies} pairs, two copies of the same "
            f"program differ, and chance explains {found.most}. The intervals of this run "
            "may be too narrow, and its ratios carry a caution."
        ]
    if wrong:
        return [
            f"{FAILED}: {copies_differ(wrong, stacks)}. Ratios and times of such a case "
            "carry a caution."
        ]
    pairs = words.plural(len(known), "pair")
    said = (
        f"A/A check passed: two copies of the same program show no difference, in {pairs}."
    )
    coarse = [copy for copy in known if copy.check == Check.COARSE]
    if not coarse:
        return [said]
    missed = per_cent(max(copy.noise for copy in coarse))
    return [
        f"{said} It is too coarse in {len(coarse)} of them: a difference of up to {missed} "
        "could have been missed."
    ]


def _repeated(blocks: int) -> Iterator[str]:
    repeated = words.plural(blocks, "repetition")
    if 0 < blocks < BLOCKS_MIN:
        yield f"Screening only: {repeated} of each comparison, too few for an interval."
    elif 0 < blocks < BLOCKS_HEADLINE:
        yield (
            f"Screening only: {repeated} of each comparison. Do not cite these ratios: "
            f"a declared comparison needs {BLOCKS_HEADLINE}."
        )
