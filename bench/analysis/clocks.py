"""One-way times between two hosts: no more is said of them than their clocks permit.

A trial keeps by how much the clocks may be wrong, ``clock_bound_ns``. Times of one clock
have no such bound.
"""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from bench.analysis.results import Run
from bench.analysis.stats import Interval
from bench.measure.common import CLOCK_BOUND


def clock_bound_us(trials: pd.DataFrame) -> float:
    """Return by how many microseconds clocks may be wrong in any of some trials."""
    if CLOCK_BOUND not in trials:
        return 0.0
    return float(trials[CLOCK_BOUND].fillna(0.0).max()) / 1e3 if len(trials) else 0.0


def clock_share(run: Run, case: str) -> float:
    """Return the largest share of a case's time by which its clocks may be wrong.

    0.1 is a tenth; 0 for a case that one clock has stamped.
    """
    if CLOCK_BOUND not in run.trials:
        return 0.0
    trials = run.trials[run.trials["case"] == case]
    shares = trials[CLOCK_BOUND].fillna(0.0) / (1e9 * trials["value_s"])
    return float(shares.max()) if len(shares) else 0.0


def widened(times: Interval, share_a: float, share_b: float) -> Interval:
    """Return the interval of a ratio a/b whose two times may be wrong by these shares."""
    low = times.low * max(0.0, 1 - share_a) / (1 + share_b)
    rest = 1 - share_b
    high = times.high * (1 + share_a) / rest if rest > 0 else math.inf
    return replace(times, low=low, high=high)
