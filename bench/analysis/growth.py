"""How the cost of a message grows with the number of connections: exponents over blocks.

In each block a line is fitted to the logarithms: log cost = c + k log N, by least squares
over all numbers N of connections. k is the exponent: 0 if a message costs the same however
many connections there are, 1 if its cost is proportional to their number. The estimate over
blocks is Hodges and Lehmann's, with the exact signed-rank interval (``stats``), as for
ratios.

A power law is refused if the cost at some N lies off the fitted line by more than 5 %, with
its whole interval over blocks. Then k is a mean slope, and the costs themselves tell more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.analysis.results import Run
from bench.analysis.rows import grouped
from bench.analysis.stats import Floats, Verdict, bounds, ratio_of_logs, verdict
from bench.contract.rows import CaseRow

COST = "cost"
COLUMN = "serve_cpu_us_per_message"
POINTS_MIN = 4
"""A line through fewer numbers of connections fits whatever the costs are."""


@dataclass(frozen=True)
class Growth:
    """The exponent of one program; bounds are nan with too few blocks.

    ``cases`` are its points by the number of connections, ``off_line`` the numbers at which
    the cost is no power.
    """

    cases: tuple[CaseRow, ...]
    exponent: float
    low: float
    high: float
    confidence: float
    blocks_done: int
    off_line: tuple[int, ...]

    @property
    def program(self) -> CaseRow:
        return self.cases[0]

    @property
    def series(self) -> tuple[str | int, ...]:
        """The parameters that its cases have in common."""
        return series(self.program)

    @property
    def name(self) -> str:
        """The name of the benchmark, with what grows in place of a number of it."""
        parts = self.program.name.split(".")
        parts[1] = f"{COST}_exponent"
        parts[4] = parts[4].split("_", 1)[1]
        return ".".join(parts)

    @property
    def id(self) -> str:
        return f"{self.name}.{self.program.key}"


def fitted(numbers: Floats, costs: Floats) -> tuple[float, Floats]:
    """Return the exponent of costs at these numbers, and the logs of cost over the fit.

    Both arguments have shape (points,) and are positive.
    """
    x, y = np.log(numbers), np.log(costs)
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    return slope, y - y.mean() - slope * (x - x.mean())


def growths(run: Run) -> list[Growth]:
    """Return the exponent of each program that has enough points, in order of the plan."""
    refused = run.refused
    cases = [
        case
        for case in run.cases.values()
        if case.quantity == COST and not case.copy and case.id not in refused
    ]
    by_series = grouped(cases, series)
    return [made for points in by_series.values() for made in _growth(run, points)]


def series(case: CaseRow) -> tuple[str | int, ...]:
    """Return the parameters of a case without its number of peers."""
    where = case.size_bytes, case.transport, case.placement, case.load
    return case.workload, case.key, *where


def _growth(run: Run, cases: list[CaseRow]) -> Iterator[Growth]:
    points = sorted(cases, key=lambda case: case.instances)
    table = _costs(run, points)
    if len(table.columns) < POINTS_MIN or table.empty:
        return
    numbers = np.array([case.instances for case in points], dtype=np.float64)
    every = [fitted(numbers, costs) for costs in table.to_numpy(dtype=np.float64)]
    found = ratio_of_logs([slope for slope, _ in every])
    low, high = bounds(found)
    off = np.array([residuals for _, residuals in every])
    yield Growth(
        cases=tuple(points),
        exponent=math.log(found.estimate),
        low=math.log(low),
        high=math.log(high),
        confidence=found.confidence,
        blocks_done=found.blocks,
        off_line=tuple(
            case.instances
            for case, logs in zip(points, off.T, strict=True)
            if verdict(ratio_of_logs(logs)) in (Verdict.FASTER, Verdict.SLOWER)
        ),
    )


def _costs(run: Run, points: list[CaseRow]) -> pd.DataFrame:
    """Return the cost of each point in each block that has all of them."""
    trials = run.trials
    if COLUMN not in trials:
        return pd.DataFrame()
    mine = trials[trials["case"].isin([case.id for case in points])]
    table = mine.pivot_table(index="block", columns="case", values=COLUMN)
    known = [case.id for case in points if case.id in table]
    if len(known) < len(points):
        return pd.DataFrame()
    return table[known].dropna()
