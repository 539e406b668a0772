"""Twenty runs of one cell under two names, and beside a twin with more work.

Verdicts are right or wrong in the long run only: equals must hardly ever seem to differ,
and a tenth more work per message must nearly always be found, on one CPU. Each run takes
its noise from its own twins, as a real one does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

from bench.contract import IMPLEMENTATIONS, Case, find_cells
from bench.measure import throughput
from bench.selftest.answers import Answer
from bench.selftest.known_difference import BUSY_MIN_NS, CELL, MORE
from bench.selftest.measures import SIZE_BYTES, Measure, harnessed, interleave
from bench.stats import noise_half_width, ratio, verdict
from bench.trial import run_trial

RUNS = 20
DIFFERENT_MAX = 2
FOUND_MIN = 18


def answers(blocks: int, seed: int, logs: Path) -> list[Answer]:
    """Make twenty runs of so many blocks, and count their verdicts."""
    cell = next(c for c in find_cells([IMPLEMENTATIONS]) if c.id == CELL)
    case = Case(cell, "throughput", "tcp", SIZE_BYTES, 1, "shared")
    pilot = replace(throughput.pilot(case), busy_ns=BUSY_MIN_NS)
    first = throughput.measure(case, run_trial(case, pilot, logs, Random(seed)))
    window = replace(throughput.window(case, first.value_s), busy_ns=BUSY_MIN_NS)
    base_s = min(harnessed(case, window, logs)(Random(seed)) for _ in range(5))
    more = replace(window, busy_ns=BUSY_MIN_NS + int(MORE * base_s * 1e9))
    measures: dict[str, Measure] = {
        "cell": harnessed(case, window, logs),
        "twin": harnessed(case, window, logs),
        "more": harnessed(case, more, logs),
    }
    same, slower = [], []
    for number in range(RUNS):
        title = f"run {number + 1} of {RUNS}"
        values = interleave(title, measures, blocks, seed + number)
        pair = ratio(values["twin"], values["cell"])
        same.append(verdict(pair))
        found = ratio(values["more"], values["cell"])
        slower.append(verdict(found, noise_half_width(pair)))
    different = sum(said in ("faster", "slower") for said in same)
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
        ),
    ]


def _count(said: Sequence[str]) -> str:
    return ", ".join(f"{said.count(name)} {name}" for name in sorted(set(said)))
