"""How the cost of a message grows with the number of peers: points, and laws over blocks.

A point is the cost with one number of connections, subscribers or workers. It is hollow
where the cost may be that of something else: where the generator was the limit, where the
program could not hold the rate, or where others used the CPUs. The reason stands beside it.

In each block a line is fitted to the logarithms: log cost = c + k log N, by least squares
over the numbers N of all points whose load was given. k is the exponent: 0 if a message
costs the same however many peers there are, 1 if its cost is proportional to their number.
The estimate over blocks is Hodges and Lehmann's, with the exact signed-rank interval
(``stats``), as for ratios.

The cost of a publisher has a marginal part as well: cost = a + b N, by least squares of the
errors relative to the costs. b is the CPU time that each further subscriber takes.

A law is refused if the cost at some N lies off the fitted line by more than 5 %, with its
whole interval over blocks. Then k or b is a mean slope, and the costs themselves tell more.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bench.analysis.results import Run
from bench.analysis.rows import grouped
from bench.analysis.stats import (
    Floats,
    Interval,
    Verdict,
    bounds,
    median_interval,
    ratio_of_logs,
    verdict,
)
from bench.contract.all_workloads import WORKLOADS
from bench.contract.rows import CaseRow
from bench.measure.cost import OWN, PAYS
from bench.run.environment import OTHER_CPU_MAX

COST = "cost"
EXPONENT, MARGINAL = "exponent", "marginal"
SMALLEST = 1e-3
"""The least part of a cost that a fitted line may have: lines may fall below 0."""
CPU = "_cpu_us_per_message"
OTHERS = "others_cpu_share"
POINTS_MIN = 4
"""A line through fewer numbers of peers fits whatever the costs are."""
CROWD_MAX = 0.7
"""The share of a CPU from which a crowd may be the limit."""


@dataclass(frozen=True)
class Point:
    """The cost of a message in microseconds, with its interval over blocks.

    ``given`` says whether the program got, or gave, the load of the case. ``hollow`` is why
    the cost may be that of something else, or empty.
    """

    case: CaseRow
    cost: Interval
    given: bool
    hollow: str


@dataclass(frozen=True)
class Growth:
    """The law of one program: ``value`` is k of an exponent, or b of a marginal cost.

    Bounds are nan with too few blocks. ``cases`` are its points by the number of peers,
    ``off_line`` the numbers at which the cost is off the law.
    """

    law: str
    cases: tuple[CaseRow, ...]
    value: float
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
        parts[1] = f"{COST}_{self.law}"
        parts[4] = parts[4].split("_", 1)[1]
        return ".".join(parts)

    @property
    def id(self) -> str:
        return f"{self.name}.{self.program.key}"


def column(case: CaseRow) -> str:
    """Return the column of trials that has the cost of a case."""
    return f"{PAYS[case.workload]}{CPU}"


def points(run: Run) -> list[Point]:
    """Return the points of all programs, in order of the plan: those of cases with values.

    Cases that broke, or that a budget left out, have none.
    """
    limited = run.open_loops_refused
    left_out = run.refused.keys() - limited.keys()
    known = {
        case.id: case
        for case in run.cases.values()
        if case.quantity == COST and not case.copy and case.id not in left_out
    }
    made = run.trials[run.trials["case"].isin([*known])]
    return [
        _point(known[str(case)], trials, limited.get(str(case), ""))
        for case, trials in made.groupby("case", sort=False)
        if column(known[str(case)]) in trials
    ]


def _point(case: CaseRow, trials: pd.DataFrame, refused: str) -> Point:
    limit = refused or _limit(case, trials)
    cost = median_interval(trials[column(case)].to_numpy())
    return Point(case, cost, not limit, limit or _disturbed(trials))


def _limit(case: CaseRow, trials: pd.DataFrame) -> str:
    """Return what kept the load of a case from its program, or empty."""
    used_by_crowd = f"{WORKLOADS[case.workload].repeated}{CPU}"
    needed = [used_by_crowd, "offered_hz", "late_p99_ns"]
    medians = trials[trials.columns.intersection(needed)].median()
    used = medians.get(used_by_crowd, 0.0)
    share = used / 1e6 * medians.get("offered_hz", 0.0)
    spins = OWN in set(trials.get("generator", ()))  # and so it uses a whole CPU
    if share > CROWD_MAX and not spins:
        return f"the crowd is the limit, it used {100 * share:.0f} % of a CPU"
    late_s = medians.get("late_p99_ns", math.nan) / 1e9
    if late_s * medians.get("offered_hz", 0.0) > 1:
        return f"the rate was not held, messages were {1e3 * late_s:.0f} ms late at p99"
    return ""


def _disturbed(trials: pd.DataFrame) -> str:
    """Return that others used the CPUs, or empty. Early runs do not tell."""
    others = trials[OTHERS].median() if OTHERS in trials else 0.0
    if others > OTHER_CPU_MAX:
        return f"others used {100 * others:.0f} % of the CPUs"
    return ""


def fitted(numbers: Floats, costs: Floats) -> tuple[float, Floats]:
    """Return the exponent of costs at these numbers, and the logs of cost over the fit.

    Both arguments have shape (points,) and are positive.
    """
    x, y = np.log(numbers), np.log(costs)
    slope = float(((x - x.mean()) * (y - y.mean())).sum() / ((x - x.mean()) ** 2).sum())
    return slope, y - y.mean() - slope * (x - x.mean())


def straight(numbers: Floats, costs: Floats) -> tuple[float, Floats]:
    """Return the marginal cost at these numbers, and the logs of cost over the fit.

    Both arguments have shape (points,) and are positive.
    """
    slope, fixed = np.polyfit(numbers, costs, 1, w=1 / costs)
    line = np.maximum(fixed + slope * numbers, costs * SMALLEST)
    return float(slope), np.log(costs / line)


LAWS = {EXPONENT: fitted, MARGINAL: straight}
LAWS_OF = {
    "request_reply": (EXPONENT,),
    "fan_out": (EXPONENT, MARGINAL),
    "pipeline": (EXPONENT,),
}
"""The laws of each workload. They are declared, and no data choose them."""


def growths(run: Run, *laws: str) -> list[Growth]:
    """Return the laws of each program that has enough points, in order of the plan.

    Without names these are exponents.
    """
    cases = [point.case for point in points(run) if point.given]
    planned = [case for case in run.cases.values() if case in cases]
    by_series = grouped(planned, series)
    return [
        made
        for known in by_series.values()
        for law in laws or (EXPONENT,)
        if law in LAWS_OF[known[0].workload]
        for made in _growth(run, known, law)
    ]


def series(case: CaseRow) -> tuple[str | int, ...]:
    """Return the parameters of a case without its number of peers."""
    where = case.size_bytes, case.transport, case.placement, case.load
    return case.workload, case.key, *where


def _growth(run: Run, cases: list[CaseRow], law: str) -> Iterator[Growth]:
    ordered = sorted(cases, key=lambda case: case.instances)
    table = _costs(run, ordered)
    if len(table.columns) < POINTS_MIN or table.empty:
        return
    numbers = np.array([case.instances for case in ordered], dtype=np.float64)
    every = [LAWS[law](numbers, costs) for costs in table.to_numpy(dtype=np.float64)]
    slopes = np.array([slope for slope, _ in every])
    unit = float(np.abs(slopes).max()) or 1.0  # of any size, and ratios are exponentials
    found = ratio_of_logs(slopes / unit)
    low, high = bounds(found)
    off = np.array([residuals for _, residuals in every])
    yield Growth(
        law=law,
        cases=tuple(ordered),
        value=unit * math.log(found.estimate),
        low=unit * math.log(low),
        high=unit * math.log(high),
        confidence=found.confidence,
        blocks_done=found.blocks,
        off_line=tuple(
            case.instances
            for case, logs in zip(ordered, off.T, strict=True)
            if verdict(ratio_of_logs(logs)) in (Verdict.FASTER, Verdict.SLOWER)
        ),
    )


def _costs(run: Run, cases: list[CaseRow]) -> pd.DataFrame:
    """Return the cost of each point in each block that has all of them."""
    trials = run.trials
    mine = trials[trials["case"].isin([case.id for case in cases])]
    table = mine.pivot_table(index="block", columns="case", values=column(cases[0]))
    return table[[case.id for case in cases]].dropna()
