"""The widths of intervals beside their aims: for the page, and for the end of a run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from bench.analysis.comparisons import comparisons
from bench.analysis.precision import Precision, precision
from bench.analysis.results import Run
from bench.report import ratio, words
from bench.report.model import Columns, Data, Table
from bench.run.aims import AIMS
from bench.run.timing import SPEED

FLAGGED_MANY = 0.05
"""With a larger share of flagged rounds, a quieter machine is named first."""


def width_table(data: Data) -> Table:
    """Return each declared comparison's half-width, its aim, and where it comes from."""
    columns: Columns[Precision] = {
        "declared comparison": lambda row: (
            f"{words.measured_case(row.pair.a)}: {words.over(row.pair, data.stacks)}"
        ),
        "half-width": lambda row: words.percent(row.half_width),
        "aim": lambda row: words.percent(row.aim),
        "between blocks": lambda row: words.percent(
            row.found.between if row.found else None
        ),
        "between rounds": lambda row: words.percent(
            row.found.within if row.found else None
        ),
        "best rounds": lambda row: str(row.best or words.PASSED_OVER),
        "by means": _by_means,
    }
    caption = "Widths of intervals, and standard deviations of log ratios"
    return Table.of(precision(data.run, data.compared), columns, caption)


def _by_means(row: Precision) -> str:
    """Return the ratio by means if it differs from the one by medians."""
    if not (row.both and row.both.differ):
        return words.PASSED_OVER
    found = row.both.by_means
    return f"the first {ratio.of_first(found.estimate, found.low, found.high)}"


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
        aim = f", aimed at: {words.percent(row.aim)}" if row.aim else ""
        said = f"{words.measured_case(row.pair.a)}: {words.over(row.pair, stacks)}"
        yield f"  {said}: half-width {words.percent(row.half_width)}{aim}"
    wide = [row for row in rows if not row.reached]
    if not wide:
        return
    flagged = run.flagged_share or 0.0
    if flagged > FLAGGED_MANY:
        yield (
            f"A quieter machine would narrow these: something else disturbed "
            f"{words.percent(flagged)} of the rounds."
        )
    needed = median(row.blocks_needed for row in wide)
    if math.isfinite(needed):
        blocks = math.ceil(needed)
        yield f"About {blocks} --blocks would reach half of the aims that were missed."
