"""How to read a report: its words, its declared comparisons, and how many may be wrong."""

from __future__ import annotations

from collections.abc import Sequence

from bench.analysis.comparisons import FAMILY_ERROR, declared_without_ratio, of_kind
from bench.analysis.inference import family_error, holm
from bench.analysis.stats import BLOCKS_MIN
from bench.contract.alike import Kind
from bench.report import words
from bench.report.model import Data, Section
from bench.report.sections.prose import HOW_TO_READ

EXPLORATORY = (
    "All other comparisons are exploratory. Their q is the false-discovery rate: among all "
    "comparisons with a q this small, about this share differ from 1 only by chance."
)


def how_to_read(data: Data) -> Section:
    """Return the section of the report."""
    declared = of_kind(data.compared, Kind.DECLARED)
    p = [pair.times.p_beyond for pair in declared]
    blocks = min((pair.times.blocks_done for pair in declared), default=0)
    said = f"{declared_together(p, blocks)}{_without_ratio(data)} {EXPLORATORY}"
    return Section("read", "How to read this", [], [*HOW_TO_READ, said])


def _without_ratio(data: Data) -> str:
    lacking = [
        f"{a} and {b} in {case}"
        for case, a, b in declared_without_ratio(data.run, data.compared)
    ]
    return f" Declared, but without a result: {'; '.join(lacking)}." if lacking else ""


def declared_together(p_beyond: Sequence[float], blocks: int) -> str:
    """Return how many comparisons were declared, and how many are different together.

    ``p_beyond`` is the p of each: that its ratio lies within the margin. ``blocks`` is the
    smallest number of blocks of any.
    """
    number = len(p_beyond)
    if not number:
        return "This run measured none of the declared comparisons."
    if blocks < BLOCKS_MIN:
        return (
            f"This run has {words.plural(number, 'declared comparison')} from "
            f"{words.plural(blocks, 'block')} each, too few for an interval."
        )
    about = number * family_error(1, blocks)
    together = int((holm(p_beyond) <= FAMILY_ERROR).sum())
    return (
        f"This run has {words.plural(number, 'declared comparison')}, each with an "
        f"interval of about 95 % confidence. Expect about {words.number(about, digits=1)} "
        "of them to miss the true value. Tested together, with a chance of at most "
        f"{100 * FAMILY_ERROR:.0f} % that any finding is wrong (Holm), {together} of "
        f"{number} ratios lie more than 5 % from 1."
    )
