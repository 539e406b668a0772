"""How far to believe a run, in plain words: repetitions, noise and grade."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from bench.analysis.compared_rows import Comparison, Copy
from bench.analysis.comparisons import comparisons, grade_of, noise, of_kind
from bench.analysis.results import Run
from bench.analysis.stats import BLOCKS_MIN
from bench.contract.alike import Kind
from bench.report import words
from bench.run.environment import Grade

BLOCKS_HEADLINE = 10
"""With fewer blocks than this in any declared comparison, a run is a screening."""
GRADES = {"A": "a quiet machine", "B": "a fairly quiet machine", "C": "a noisy machine"}


def standing(
    compared: Sequence[Comparison], floor: Sequence[Copy], grade: Grade
) -> list[str]:
    """Return the sentences that a run's answers open with.

    The rows are ``comparisons`` and ``noise`` of the run.
    """
    counted = of_kind(compared, Kind.DECLARED) or compared
    least = min((pair.times.blocks_done for pair in counted), default=0)
    return list(_said(least, [copy.noise for copy in floor], grade))


def standing_of(run: Run) -> list[str]:
    """Return the same of a run alone."""
    floor = noise(run)
    return standing(comparisons(run), floor, grade_of(run, floor))


def noise_percent(widths: Sequence[float]) -> float | None:
    """Return by how many percent copies may differ, None if it is not known of each."""
    known = bool(widths) and all(map(math.isfinite, widths))
    return 100 * max(widths) if known else None


def noise_sentence(percent: float) -> str:
    return (
        "Noise: two copies of the same program may differ by up to "
        f"{words.number(percent, digits=2)} %."
    )


def _said(blocks: int, widths: list[float], grade: Grade) -> Iterator[str]:
    repeated = words.plural(blocks, "repetition")
    if 0 < blocks < BLOCKS_MIN:
        yield f"Screening only: {repeated} of each comparison, too few for an interval."
    elif 0 < blocks < BLOCKS_HEADLINE:
        yield (
            f"Screening only: {repeated} of each comparison. Do not cite these ratios: "
            f"a declared comparison needs {BLOCKS_HEADLINE}."
        )
    percent = noise_percent(widths)
    if percent is not None:
        yield noise_sentence(percent)
    else:
        yield (
            "Noise: unknown, since no program was measured twice often enough. Without it "
            "nothing is called faster or slower."
        )
    machine = GRADES.get(grade.letter, "")
    yield f"Grade {grade.letter}, {machine}: {' '.join(grade.reasons[-1:])}".rstrip(": ")
