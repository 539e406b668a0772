"""How precise a run is: the widths of its intervals, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from bench.charts import words
from bench.comparisons import median_half_widths, of_kind
from bench.extension import Decision
from bench.frames import records
from bench.inference import variance_components
from bench.progress import minutes
from bench.report import sentences
from bench.report.facets import every
from bench.report.model import Data, Table
from bench.results import Run

PARTS = 4
"""Into how many parts in a row a trial's samples are cut to see how it varies within."""


def width_words(compared: pd.DataFrame) -> str:
    """Return the median half-width of the claims' intervals in each placement."""
    said = [
        f"{words.PLACEMENTS_SHORT[placement]} {_percent(width)}"
        for placement, width in median_half_widths(compared).items()
    ]
    if not said:
        return "Too few blocks for any interval."
    return f"Median relative half-width of the claims' intervals: {', '.join(said)}."


def extension_words(made: Decision) -> str:
    """Return whether the claims were given further blocks, and why."""
    if not made.half_widths:
        return "The claims were given no further blocks: they have no interval."
    seen = (
        f"after the planned blocks the median half-width was {_widths(made.half_widths)}; "
        f"aimed at were {_widths(made.aims)}"
    )
    if not made.too_wide:
        return f"The claims were given no further blocks: {seen}."
    blocks = words.plural(made.blocks, "block")
    if not made.fits:
        return (
            f"The claims were given no further blocks: {seen}, but with {blocks} more the "
            f"run would have taken {minutes(made.predicted_s)} instead of the "
            f"{minutes(made.limit_s)} that are allowed."
        )
    return (
        f"Extended by {blocks} of the claims, declared before the run: {seen}. No ratio "
        "and no verdict had a part in that."
    )


def _widths(half_widths: Mapping[str, float]) -> str:
    return ", ".join(
        f"{_percent(width)} on {words.PLACEMENTS_SHORT[placement]}"
        for placement, width in half_widths.items()
    )


def variance_table(data: Data) -> Table:
    """Return standard deviations of each A/A pair: blocks, processes, within a trial."""
    columns = [
        "case", "cell", "between blocks", "between processes of a block", "within a trial",
    ]  # fmt: skip
    rows, shown = [], []
    for twin in records(data.floor):
        original = data.run.cases[
            (
                data.run.cases["name"]
                == str(twin["name"]).removesuffix(f".twin{twin['twin']}")
            )
            & (data.run.cases["key"] == twin["key"])
        ]
        pair = [str(twin["case"]), str(original["case"].iloc[0])]
        values = pd.concat([data.run.values_s(c) for c in pair], axis=1, join="inner")
        if len(values) < 2:
            continue
        found = variance_components(list(values.to_numpy()))
        within = _within(data.run, pair)
        shown.append(twin)
        rows.append(
            [
                f"{words.workload(twin['workload'])} {words.quantity(twin)}, "
                f"{words.case(twin)}",
                str(twin["cell"]),
                _percent(found.between),
                _percent(found.within),
                words.PASSED_OVER if within is None else _percent(within),
            ]
        )
    caption = "Where the width comes from: standard deviations"
    return Table(columns, rows, caption, facets=every(shown, data.stacks))


def _percent(deviation: float) -> str:
    return f"{100 * deviation:.1f} %"


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
    """Return each claim as it stands, and as it would with the flagged blocks in it."""
    columns = ["claim", "with the repetitions", "as measured first"]
    first = {
        (r["name"], r["key_a"], r["key_b"]): r
        for r in records(of_kind(data.compared_first, "claim"))
    }
    rows = []
    for row in records(of_kind(data.compared, "claim")):
        before = first.get((row["name"], row["key_a"], row["key_b"]))
        sides = " over ".join(words.side(row, which, data.stacks) for which in "ab")
        rows.append(
            [
                f"{words.workload(row['workload'])}, {words.case(row)}: {sides}",
                *(_said(r) if r else words.PASSED_OVER for r in (row, before)),
            ]
        )
    about = every(records(of_kind(data.compared, "claim")), data.stacks)
    return Table(columns, rows, "Both analyses", facets=about)


def _said(row: dict[str, float | str]) -> str:
    shown = sentences.ratio_words(row)
    return f"{shown}: {sentences.VERDICTS[str(row['verdict'])].split(':')[0]}"
