"""The widths of intervals beside their aims: for the page, and for the end of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from bench.analysis.comparisons import comparisons
from bench.analysis.precision import Precision, precision
from bench.analysis.results import Run
from bench.report import words
from bench.report.facets import every_pair
from bench.report.model import Data, Table
from bench.run.aims import AIMS
from bench.run.timing import SPEED

FLAGGED_MANY = 0.05
"""With a larger share of flagged rounds, a quieter machine is named first."""


def percent(share: float) -> str:
    return f"{100 * share:.1f} %" if math.isfinite(share) else words.PASSED_OVER


def width_table(data: Data) -> Table:
    """Return each declared comparison's half-width, its aim, and where it comes from."""
    columns = [
        "declared comparison", "half-width", "aim", "between blocks", "between rounds",
        "best rounds", "by means",
    ]  # fmt: skip
    rows = precision(data.run, data.compared)
    made = [
        [
            f"{words.measured_case(row.pair.a)}: {words.over(row.pair, data.stacks)}",
            percent(row.half_width),
            percent(row.aim) if row.aim else words.PASSED_OVER,
            percent(row.found.between) if row.found else words.PASSED_OVER,
            percent(row.found.within) if row.found else words.PASSED_OVER,
            str(row.best or words.PASSED_OVER),
            _by_means(row),
        ]
        for row in rows
    ]
    caption = "Widths of intervals, and standard deviations of log ratios"
    facets = every_pair([row.pair for row in rows], data.stacks)
    return Table(columns, made, caption, facets=facets)


def _by_means(row: Precision) -> str:
    """Return the ratio by means if it differs from the one by medians."""
    if not (row.both and row.both.differ):
        return words.PASSED_OVER
    found = row.both.by_means
    return f"{found.estimate:.3g} ({found.low:.3g} to {found.high:.3g})"


def at_the_end(run: Run) -> list[str]:
    """Return what a run says of its precision when it ends, a line each.

    Nothing of a run that has no rounds.
    """
    return list(_lines(run, precision(run, comparisons(run)))) if run.ensembles else []


def _lines(run: Run, rows: Sequence[Precision]) -> Iterator[str]:
    aims, stacks = AIMS.get(run.about["profile"]), run.about["stacks"]
    took_s = sum(e["took_s"] for e in run.timing if e.get("part", SPEED) == SPEED)
    aimed = f", aimed at: {60 * aims.minutes:.0f} s" if aims else ""
    yield f"Speed part: {took_s:.0f} s{aimed}."
    for row in rows:
        aim = f", aimed at: {percent(row.aim)}" if row.aim else ""
        said = f"{words.measured_case(row.pair.a)}: {words.over(row.pair, stacks)}"
        yield f"  {said}: half-width {percent(row.half_width)}{aim}"
    wide = [row for row in rows if not row.reached]
    if not wide:
        return
    flagged = run.flagged_share or 0.0
    if flagged > FLAGGED_MANY:
        yield (
            f"A quieter machine would narrow these: something else disturbed "
            f"{percent(flagged)} of the rounds."
        )
    needed = median(row.blocks_needed for row in wide)
    if math.isfinite(needed):
        blocks = math.ceil(needed)
        yield f"About {blocks} --blocks would reach half of the aims that were missed."
