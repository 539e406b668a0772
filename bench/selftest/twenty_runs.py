"""Twenty runs of one cell under two names, and beside a twin with more work.

Verdicts are right or wrong in the long run only: equals must hardly ever seem to differ,
and a tenth more work per message must nearly always be found, on one CPU. Each run takes
its noise from its own twins, as a real one does. The cell does nothing but its round trip,
so that the noise is that of a real case; that a tenth more work may cost it more than a
tenth more time (see ``known_difference``) is no matter here, where it only has to be found.

To call equals different, an interval has to miss 1 by 5 % of it: with half-widths of 5 % an
event at four standard errors, with 15 % at 2.7, so that 3 of 20 runs do less than once in
1,000 times. A tenth more is found in every run whose interval and whose noise are narrower
than 5 %. In noise beyond that a correct harness says that it cannot tell: of a busy machine
too few findings are undecided, as long as none is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.selftest.answers import Answer
from bench.selftest.known_difference import CELL, MORE, case_of, windows
from bench.selftest.measures import Measure, harnessed, interleave
from bench.stats import INCONCLUSIVE, Verdict, noise_half_width, ratio, verdict

BUSY_MIN_NS = 1000
"""A handler that waits this long ends its wait as one does that waits longer: by looking at
the clock once too late."""
RUNS = 20
DIFFERENT_MAX = 2
FOUND_MIN = 18


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Make twenty runs of so many blocks, and count their verdicts."""
    case = case_of(CELL)
    window, more = windows(case, BUSY_MIN_NS, logs, seed)
    measures: dict[str, Measure] = {
        "cell": harnessed(case, window, logs),
        "twin": harnessed(case, window, logs),
        "more": harnessed(case, more, logs),
    }
    same: list[Verdict] = []
    slower: list[Verdict] = []
    for number in range(RUNS):
        title = f"run {number + 1} of {RUNS}"
        values = interleave(title, measures, blocks, seed + number)
        pair = ratio(values["twin"], values["cell"])
        same.append(verdict(pair))
        found = ratio(values["more"], values["cell"])
        slower.append(verdict(found, noise_half_width(pair)))
    different = RUNS - same.count("equivalent") - same.count(INCONCLUSIVE)
    wrong = RUNS - slower.count("slower") - slower.count(INCONCLUSIVE)
    return [
        Answer(
            f"{CELL} twice, {RUNS} runs of {blocks} blocks",
            "nothing",
            _count(same),
            f"at most {DIFFERENT_MAX} faster or slower",
            different <= DIFFERENT_MAX,
        ),
        Answer(
            f"{CELL} with more work, {RUNS} runs of {blocks} blocks",
            f"+{100 * MORE:.0f} % per message",
            _count(slower),
            f"at least {FOUND_MIN} slower",
            slower.count("slower") >= FOUND_MIN,
            needs_quiet=wrong <= RUNS - FOUND_MIN,
        ),
    ]


def _count(said: Sequence[str]) -> str:
    return ", ".join(f"{said.count(name)} {name}" for name in sorted(set(said)))
