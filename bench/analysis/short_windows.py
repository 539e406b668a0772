"""Windows of throughput that are short, because a driver holds only so many messages."""

from __future__ import annotations

from bench.analysis.raw_rows import WINDOWS
from bench.analysis.results import Run
from bench.contract.rows import CaseRow

SHORT_S = 0.025
"""Half of a window in turns. Below it, filling and draining take a notable share."""


def short_windows(run: Run) -> dict[CaseRow, float]:
    """Return the cases of throughput with short windows, and the median in seconds."""
    trials = run.trials
    if "window_s" not in trials:
        return {}
    seconds = trials["window_s"].astype(float)
    if WINDOWS in trials:  # of a case in turns it is the sum over them
        rounds = trials[WINDOWS].map(
            lambda kept: len(kept) if isinstance(kept, tuple) else 1
        )
        seconds /= rounds
    medians = seconds.groupby(trials["case"]).median()
    known = {str(case): float(median) for case, median in medians.items()}
    return {
        case: known[case.id]
        for case in run.cases.values()
        if case.quantity == "throughput"
        and not (case.copy or case.floor)
        and known.get(case.id, SHORT_S) < SHORT_S
    }
