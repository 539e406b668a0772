"""Two cases of a run, paired: the log of their ratio in each block that has both.

Cases of one ensemble are paired within a round: a block has the median over its rounds.
Cases that did not live side by side are paired by their values of the block.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import numpy as np
import pandas as pd

from bench.analysis.clocks import clock_share, widened
from bench.analysis.compared_rows import Ratio
from bench.analysis.inference import beyond_p_of_logs, signed_rank_p_of_logs
from bench.analysis.results import Run
from bench.analysis.rounds import block_medians, ratio_of_blocks
from bench.analysis.stats import Floats, Interval, ratio_of_logs, sign_interval_of_logs


@dataclass(frozen=True)
class Paired:
    """Values in seconds of both cases, and ``logs`` of their ratio, each by block.

    ``in_turns`` says whether any block has them in one ensemble.
    """

    a: Floats
    b: Floats
    logs: Floats
    in_turns: bool

    @property
    def interval(self) -> Interval:
        """The ratio a/b, with blocks as the unit."""
        return ratio_of_blocks(self.logs) if self.in_turns else ratio_of_logs(self.logs)


def shared_ensemble(run: Run, case_a: str, case_b: str, block: int) -> str | None:
    """Return the ensemble in which two cases took turns in a block, None if none.

    If they share several, as programs of the baseline do, this is the first.
    """
    mine, theirs = (run.windows_s(case, block) for case in (case_a, case_b))
    return next((name for name in mine if name in theirs), None)


def rounds_of(run: Run, case_a: str, case_b: str, block: int) -> Floats | None:
    """Return log a/b in each round of a block, None if the cases share no ensemble."""
    ensemble = shared_ensemble(run, case_a, case_b, block)
    if ensemble is None:
        return None
    a, b = (run.windows_s(case, block)[ensemble] for case in (case_a, case_b))
    logs: Floats = np.log(a) - np.log(b)
    return logs


def paired(run: Run, case_a: str, case_b: str) -> Paired | None:
    """Return two cases paired by the blocks that have both, None if none has.

    A block with too few rounds of both has no ratio.
    """
    pair = {"a": run.values_s(case_a), "b": run.values_s(case_b)}
    values = pd.concat(pair, axis=1, join="inner")
    if values.empty:
        return None
    a, b = values["a"].to_numpy(), values["b"].to_numpy()
    logs = np.log(a) - np.log(b)
    in_turns = False
    for at, block in enumerate(values.index):
        rounds = rounds_of(run, case_a, case_b, block)
        if rounds is not None:
            logs[at], in_turns = block_medians(rounds), True
    has = ~np.isnan(logs)
    return Paired(a[has], b[has], logs[has], in_turns) if has.any() else None


def compare(run: Run, case_a: str, case_b: str) -> Ratio | None:
    """Return the ratio of times a/b of two cases by id, None where no block has both."""
    found = paired(run, case_a, case_b)
    if found is None:
        return None
    shares = clock_share(run, case_a), clock_share(run, case_b)
    return Ratio(
        interval=widened(found.interval, *shares) if any(shares) else found.interval,
        sign=sign_interval_of_logs(found.logs),
        median_a_s=float(median(found.a)),
        median_b_s=float(median(found.b)),
        faster_blocks=int((found.logs < 0).sum()),
        p=signed_rank_p_of_logs(found.logs),
        p_beyond=beyond_p_of_logs(found.logs),
    )
