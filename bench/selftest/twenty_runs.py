"""Twenty runs of a cell, its A/A copy, and the cell with more work.

Verdicts are right or wrong in the long run only. Equals must hardly ever seem to differ. A
tenth more work per message must nearly always be found, on one CPU. The cell does nothing
but its round trip, so that it varies as a real case does. A tenth more work may take more
than a tenth more time (see ``known_difference``). Here the harness only has to find it.

Equals seem different only if an interval misses 1 by 5 %. With half-widths of 5 % that is
an event at four standard errors, and with 15 % at 2.7. So 3 of 20 runs do so less than once
in 1,000 times. A tenth more is found in every run whose interval is narrower than 5 %. With
a wider one, a correct harness calls the ratio undecided. So too few findings are undecided
on a busy machine, as long as no verdict is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.analysis.stats import Verdict, ratio, verdict
from bench.selftest.answers import KnownAnswer
from bench.selftest.known_difference import CELL, MORE, case_of, windows
from bench.selftest.measures import Measure, harnessed, interleave

BUSY_MIN_NS = 1000
"""How long the handler waits at least, in nanoseconds.

The wait ends when the handler next reads the clock, as it does for longer waits.
"""
RUNS = 20
DIFFERENT_MAX = 2
FOUND_MIN = 18


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Make twenty runs of ``blocks`` blocks, and count their verdicts."""
    case = case_of(CELL)
    window, more = windows(case, BUSY_MIN_NS, logs, seed)
    measures: dict[str, Measure] = {
        "cell": harnessed(case, window, logs),
        "copy": harnessed(case, window, logs),
        "more": harnessed(case, more, logs),
    }
    same: list[Verdict] = []
    slower: list[Verdict] = []
    for number in range(RUNS):
        title = f"run {number + 1} of {RUNS}"
        values = interleave(title, measures, blocks, seed + number)
        same.append(verdict(ratio(values["copy"], values["cell"])))
        slower.append(verdict(ratio(values["more"], values["cell"])))
    different = RUNS - same.count(Verdict.EQUIVALENT) - same.count(Verdict.INCONCLUSIVE)
    wrong = RUNS - slower.count(Verdict.SLOWER) - slower.count(Verdict.INCONCLUSIVE)
    return [
        KnownAnswer(
            f"{CELL} twice, {RUNS} runs of {blocks} blocks",
            "nothing",
            _count(same),
            f"at most {DIFFERENT_MAX} faster or slower",
            different <= DIFFERENT_MAX,
        ),
        KnownAnswer(
            f"{CELL} with more work, {RUNS} runs of {blocks} blocks",
            f"+{100 * MORE:.0f} % per message",
            _count(slower),
            f"at least {FOUND_MIN} slower",
            slower.count(Verdict.SLOWER) >= FOUND_MIN,
            needs_quiet=wrong <= RUNS - FOUND_MIN,
        ),
    ]


def _count(said: Sequence[str]) -> str:
    return ", ".join(f"{said.count(name)} {name}" for name in sorted(set(said)))
