"""Verdicts on known ratios are hardly ever wrong, and the A/A check hardly fails wrongly.

Windows are drawn with fixed seeds, and go the whole way through the analysis: window,
round, block, interval, verdict. A verdict follows from the interval of its own ratio. So
equals are called different only if an interval misses 1 by the margin. At the margin
itself, a verdict is wrong on either side if the interval misses the ratio on that side.

An interval moves with the ratio. One simulation of equals is therefore one of any ratio:
multiply it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.analysis.compared_rows import Check
from bench.analysis.copies import ERROR, check, most_by_chance
from bench.analysis.inference import count_range, holm, signed_rank_p_of_logs
from bench.analysis.rounds import block_logs, ratio_of_blocks
from bench.analysis.stats import (
    MARGIN,
    Floats,
    Interval,
    Verdict,
    noise_half_width,
    verdict,
)
from bench.selftest.answers import GATE_CONFIDENCE, KnownAnswer
from bench.selftest.coverage import WITHIN
from bench.selftest.machine_noise import Machine, Schedule, windows
from bench.selftest.rotated_coverage import (
    EVEN,
    QUICK,
    SPREAD,
    STANDARD,
    UNEVEN,
    middle,
)

SIMULATIONS = 2000
AT_ONCE = 500
COPIES = {QUICK: 6, STANDARD: 18}
"""Each of three stacks has a copy, in two placements of one workload or of three."""
FAILS_MAX = 0.045
"""In what share of runs a copy may fail: by its p in 1 %, and more by the margin.

Processes of two speeds need most: of 20,000 simulated runs each, a copy failed in 3.1 %
with 8 blocks, and in 4.1 % with 16. On all other machines it was less than 1 %."""
FOUND, BIASED = 1.10, (1.03, 1.10)
DIFFERENT_MAX = 0.01
SHORT = 0.05
"""How much less an interval may cover if one program's processes have two speeds."""
APART = (Verdict.FASTER, Verdict.SLOWER)
TWO_SPEEDS = tuple(
    Machine(
        f"one on which {100 * share:.0f} % of a's processes take 1.56 times as long",
        process_slow_a=math.log(21 / 13.5),
        slow_share=share,
    )
    for share in (0.5, 0.3, 0.2)
)


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Simulate runs of two programs whose ratio is known, and the copies of a run."""
    del blocks, seed, logs
    found: list[KnownAnswer] = []
    for number, machine in enumerate(EVEN):
        for schedule in (QUICK, STANDARD):
            rng = np.random.default_rng([31, number, schedule.blocks])
            drawn = _logs(rng, machine, schedule)
            found += _verdicts(drawn, machine, schedule)
            found += _checks(drawn, machine, schedule)
    return [*found, *_two_speeds(), *_uneven()]


def _verdicts(drawn: Floats, machine: Machine, schedule: Schedule) -> Iterator[KnownAnswer]:
    made = [ratio_of_blocks(row) for row in drawn]
    about, injected = f", {schedule}", f"{SIMULATIONS} runs on {machine.name}"
    different = _share(verdict(each) in APART for each in made)
    yield KnownAnswer(
        f"two equals{about}",
        injected,
        f"{_percent(different)} called different",
        f"at most {_percent(DIFFERENT_MAX)}",
        different <= DIFFERENT_MAX,
    )
    at_margin = Counter(verdict(_times(each, MARGIN)) for each in made)
    wrong = [at_margin[v] / len(made) for v in (Verdict.SLOWER, Verdict.EQUIVALENT)]
    most = (1 - made[0].confidence) / 2
    yield KnownAnswer(
        f"a ratio of {MARGIN:g}{about}",
        injected,
        f"{_percent(wrong[0])} called slower, {_percent(wrong[1])} equivalent",
        f"each at most {_percent(most)}, within {100 * WITHIN:.0f} point",
        max(wrong) <= most + WITHIN,
    )
    ten = [_times(each, FOUND) for each in made]
    alone = _share(verdict(each) == Verdict.SLOWER for each in ten)
    beyond = _share(
        verdict(each, noise_half_width(copy)) == Verdict.SLOWER
        for each, copy in zip(ten, made[1:] + made[:1], strict=True)
    )
    yield KnownAnswer(
        f"a ratio of {FOUND:.2f}{about}",
        injected,
        f"{_percent(alone)} called slower; {_percent(beyond)} if the interval of a copy "
        "were a threshold",
        "shown for information",
        None,
    )


def _checks(drawn: Floats, machine: Machine, schedule: Schedule) -> Iterator[KnownAnswer]:
    """Yield how often the copies of a correct run fail, and whether biased ones do."""
    size = COPIES[schedule]
    runs = [drawn[at : at + size] for at in range(0, len(drawn) - size, size)]
    said = [_failing(rows) for rows in runs]
    copies = sum(any(failing) for failing, _ in said)
    together = sum(too_many for _, too_many in said)
    most = _most(len(runs), FAILS_MAX)
    most_together = _most(len(runs), ERROR)
    found = [
        f"{_percent(_share(_biased_fails(rows, bias) for rows in runs))} of copies that "
        f"take {100 * (bias - 1):.0f} % longer fail"
        for bias in BIASED
    ]
    yield KnownAnswer(
        f"{size} copies, {schedule}",
        f"{len(runs)} runs on {machine.name}",
        f"in {copies} a copy fails, in {together} the run; {', '.join(found)}",
        f"at most {most}, and {most_together}",
        copies <= most and together <= most_together,
    )


def _most(runs: int, chance: float) -> int:
    return count_range([chance] * runs, GATE_CONFIDENCE)[1]


def _biased_fails(rows: Floats, bias: float) -> bool:
    moved = rows.copy()
    moved[0] += math.log(bias)
    return _failing(moved)[0][0]


def _failing(rows: Floats) -> tuple[list[bool], bool]:
    """Return which copies of a run fail, and whether too many intervals exclude 1."""
    made = [ratio_of_blocks(row) for row in rows]
    adjusted = holm([signed_rank_p_of_logs(row) for row in rows])
    found = [
        check(each, float(p)) == Check.FAILED
        for each, p in zip(made, adjusted, strict=True)
    ]
    excluding = sum(not each.low <= 1 <= each.high for each in made)
    return found, excluding > most_by_chance([1 - each.confidence for each in made])


def _two_speeds() -> Iterator[KnownAnswer]:
    """Yield how intervals do if the processes of one program have two speeds for life."""
    for number, machine in enumerate(TWO_SPEEDS):
        for schedule in (QUICK, STANDARD):
            rng = np.random.default_rng([32, number, schedule.blocks])
            drawn = _logs(rng, machine, schedule)
            truth, made = middle(rng, drawn), [ratio_of_blocks(row) for row in drawn]
            covered = _share(each.low <= truth <= each.high for each in made)
            confidence = made[0].confidence
            yield KnownAnswer(
                f"interval of a ratio, {schedule}",
                f"{SIMULATIONS} runs on {machine.name}",
                f"covers {truth:.2f} in {_percent(covered)}; {_wrong(made, truth)}",
                f"at least {_percent(confidence - SHORT)}",
                covered >= confidence - SHORT,
            )


def _uneven() -> Iterator[KnownAnswer]:
    """Yield how often verdicts are wrong for all times, where a neighbour is uneven."""
    for number, machine in enumerate(UNEVEN):
        rng, said = np.random.default_rng([33, number]), []
        for schedule in (STANDARD, SPREAD):
            drawn = _logs(rng, machine, schedule)
            made = [ratio_of_blocks(row) for row in drawn]
            wrong = _wrong(made, middle(rng, drawn))
            said.append(f"{wrong}, {schedule.pause_s:g} s apart")
        yield KnownAnswer(
            f"two equals but for the neighbour, {STANDARD}",
            f"{SIMULATIONS} runs on {machine.name}",
            "; ".join(said),
            "shown for information",
            None,
        )


def _wrong(made: Sequence[Interval], truth: float) -> str:
    """Return how many verdicts are not true of a ratio."""
    right = verdict(Interval(truth, truth, truth, 0.95, 1))
    said = Counter(verdict(each) for each in made)
    wrong = sum(said[v] for v in said if v not in (right, Verdict.INCONCLUSIVE))
    return f"{_percent(wrong / len(made))} of the verdicts are wrong"


def _logs(rng: np.random.Generator, machine: Machine, schedule: Schedule) -> Floats:
    """Return the values of blocks of two equals, shape (SIMULATIONS, blocks)."""
    drawn = [
        block_logs(*windows(rng, machine, schedule, AT_ONCE))
        for _ in range(0, SIMULATIONS, AT_ONCE)
    ]
    return np.concatenate(drawn)


def _times(found: Interval, factor: float) -> Interval:
    """Return the interval of the same blocks if the ratio were so many times as large."""
    value, low, high = (factor * end for end in (found.estimate, found.low, found.high))
    return Interval(value, low, high, found.confidence, found.blocks)


def _share(found: Iterator[bool] | Sequence[bool]) -> float:
    return float(np.mean(list(found)))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
