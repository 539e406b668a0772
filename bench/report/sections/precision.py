"""How precise a run is: the widths of its intervals, and where they come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from bench.analysis.compared_rows import Comparison
from bench.analysis.comparisons import median_half_widths, of_kind
from bench.analysis.inference import variance_components
from bench.analysis.results import Run
from bench.contract.alike import Kind
from bench.report import sentences, words
from bench.report.model import Columns, Data, Table
from bench.run.extension import Decision
from bench.run.progress import minutes

PARTS = 4
"""Into how many parts in a row a trial's samples are cut to see how it varies within."""


def width_words(compared: Iterable[Comparison]) -> str:
    """Return the median half-width of the declared comparisons in each placement."""
    said = [
        f"{words.PLACEMENTS_SHORT[placement]} {words.percent(width)}"
        for placement, width in median_half_widths(compared).items()
    ]
    if not said:
        return "Too few blocks for any interval."
    return (
        "Median relative half-width of the declared comparisons' intervals: "
        f"{', '.join(said)}."
    )


def extension_words(made: Decision) -> str:
    """Return whether the declared comparisons got further blocks, and why."""
    if not made.half_widths:
        return "The declared comparisons got no further blocks: they have no interval."
    seen = (
        f"after the planned blocks the median half-width was {_widths(made.half_widths)}; "
        f"aimed at were {_widths(made.aims)}"
    )
    if not made.too_wide:
        return f"The declared comparisons got no further blocks: {seen}."
    blocks = words.plural(made.blocks, "block")
    if not made.fits:
        return (
            f"The declared comparisons got no further blocks: {seen}, but with {blocks} "
            f"more the run would have taken {minutes(made.predicted_s)} instead of the "
            f"{minutes(made.limit_s)} that are allowed."
        )
    return (
        f"Extended by {blocks} of the declared comparisons, fixed before the run: {seen}. "
        "No ratio and no verdict had a part in that."
    )


def _widths(half_widths: Mapping[str, float]) -> str:
    return ", ".join(
        f"{words.percent(width)} on {words.PLACEMENTS_SHORT[placement]}"
        for placement, width in half_widths.items()
    )


def variance_table(data: Data) -> Table:
    """Return standard deviations of each A/A pair: blocks, processes, within a trial."""
    rows = []
    for copy in data.copies:
        pair = [copy.a.id, copy.b.id]
        values = pd.concat([data.run.values_s(c) for c in pair], axis=1, join="inner")
        if len(values) < 2:
            continue
        found = variance_components(list(values.to_numpy()))
        within = _within(data.run, pair)
        rows.append(
            [
                words.measured_case(copy.a),
                copy.a.cell,
                words.percent(found.between),
                words.percent(found.within),
                words.percent(within),
            ]
        )
    columns = ["case", "program", "between blocks", "between processes of a block"]
    columns.append("within a trial")
    return Table(columns, rows, "Where the width comes from: standard deviations")


def _within(run: Run, cases: list[str]) -> float | None:
    """Return how much a trial's median would vary by its samples alone, None without.

    From the medians of parts of a trial in a row, so that slow changes inside it count.
    """
    parts = list(_part_medians(run, cases))
    if not parts:
        return None
    spread = np.mean([np.log(medians).var(ddof=1) for medians in parts])
    return float(np.sqrt(spread / PARTS))


def _part_medians(run: Run, cases: list[str]) -> Iterator[list[float]]:
    for case in cases:
        for samples in run.samples_by_trial(case):
            if len(samples) >= 2 * PARTS:
                yield [float(np.median(part)) for part in np.array_split(samples, PARTS)]


def both_analyses(data: Data) -> Table:
    """Return each declared comparison with the repetitions, and with the flagged blocks."""
    first = {pair.identity: pair for pair in of_kind(data.compared_first, Kind.DECLARED)}

    def said(pair: Comparison | None) -> str:
        return sentences.finding(pair, data.stacks) if pair else words.PASSED_OVER

    columns: Columns[Comparison] = {
        "declared comparison": lambda pair: (
            f"{words.workload(pair.a.workload)}, {words.case(pair.a)}: "
            f"{words.over(pair, data.stacks)}"
        ),
        "with the repetitions": said,
        "as measured first": lambda pair: said(first.get(pair.identity)),
    }
    return Table.of(of_kind(data.compared, Kind.DECLARED), columns, "Both analyses")
