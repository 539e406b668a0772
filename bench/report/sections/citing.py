"""Whether a reader may cite this run: which numbers, and under which conditions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.analysis.compared_rows import Check, Comparison, Copy
from bench.analysis.comparisons import of_kind
from bench.contract.alike import Kind
from bench.report import ratio, words
from bench.report.charts.findings import listed
from bench.report.model import Data
from bench.report.sections.standing import BLOCKS_HEADLINE
from bench.run.environment import per_cent

QUESTION = "May I cite this?"
OWN = "A verdict rests on its own interval, whatever the grade."
MEANS: Mapping[str, str] = {
    "A": "the machine was quiet, and the grade limits nothing.",
    "B": f"some noise leaves more comparisons undecided. {OWN}",
    "C": f"much noise leaves more comparisons undecided. {OWN}",
}
"""The consequence of a grade for a reader who cites."""
ABSOLUTE = "Times, rates and CPU time: only with this machine's name."
COUNTED = "Statements: yes, they are exact. Faults: with their number of trials."


def sentences(data: Data) -> list[str]:
    """Return which numbers of a run may be cited, the ratios first."""
    declared = of_kind(data.compared, Kind.DECLARED)
    return [
        *_ratios(declared, data.copies),
        *([ABSOLUTE] if data.estimates else []),
        *([COUNTED] if data.run.sizes else []),
        f"Grade {data.grade.letter}: {means(data)}",
    ]


def means(data: Data) -> str:
    """Return what follows from the run's grade."""
    return MEANS[data.grade.letter]


def _ratios(declared: Sequence[Comparison], copies: Sequence[Copy]) -> Iterator[str]:
    least = min((pair.times.blocks_done for pair in declared), default=0)
    if not declared:
        yield "Ratios: no. This run measured no declared comparison."
        return
    if least < BLOCKS_HEADLINE:
        yield (
            f"Ratios: no. A declared comparison needs {BLOCKS_HEADLINE} repetitions, and "
            f"this run has {least}."
        )
        return
    won = [pair for pair in declared if pair.verdict in ratio.DECIDED and pair.stands]
    doubt = [pair for pair in declared if not pair.stands]
    yield (
        f"Ratios: {'yes' if won else 'none'}, {len(won)} of "
        f"{words.plural(len(declared), 'declared comparison')} name a winner. Cite each "
        "with its interval, machine and run."
    )
    if doubt:
        yield f"Do not cite {words.plural(len(doubt), 'ratio')}: {ratio.FAILED}."
    yield from _coarse(won, copies)


def _coarse(won: Sequence[Comparison], copies: Sequence[Copy]) -> Iterator[str]:
    """Yield which ratios are smaller than what copies of one program may differ by."""
    noise = {copy.b.name: copy.noise for copy in copies if copy.check == Check.COARSE}
    small = [pair for pair in won if _size(pair) < 1 + noise.get(pair.a.name, 0.0)]
    if not small:
        return
    where = dict.fromkeys(words.workload(pair.a.workload).lower() for pair in small)
    most = per_cent(max(noise[pair.a.name] for pair in small))
    yield (
        f"With care: {words.plural(len(small), 'ratio')} in {listed(where)}, smaller than "
        f"the {most} by which copies of one program may differ there."
    )


def _size(pair: Comparison) -> float:
    return max(pair.times.ratio, 1 / pair.times.ratio)
