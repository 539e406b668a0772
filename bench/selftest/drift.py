"""A machine that slows down half-way spoils runs one after the other, and spares blocks.

The same cell is measured under two names. During the second half, another process takes
half of the cell's CPU. If one name is measured after the other, the second name gets all of
the slow half. If they are measured block by block, both names meet the same machine.

The first order must find a difference: the second name takes half as much time again, and
the gate needs 5 %. If it finds none for the noise of other processes, the answer is
undecided. The second order must find no difference. It fails if a 99.9 % interval lies
beyond 5 %, which happens less than once in 1,000 times with two equals.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

from bench.analysis.stats import Verdict, ratio, verdict
from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Case
from bench.measure import throughput
from bench.run.progress import steps
from bench.selftest.answers import KnownAnswer, differ, shown
from bench.selftest.measures import SIZE_BYTES, Measure, harnessed
from bench.surveys.operating_curve.neighbour import PLACEMENT, SPINNER
from bench.trial.placement import cpus_for
from bench.trial.processes import child_environment
from bench.trial.trial import run_trial

Pair = tuple[list[float], list[float]]
"""The values of two names, in the order of their blocks."""

CELL = "zmq/minimal/request_reply.py"


@contextmanager
def spinner() -> Iterator[None]:
    """Keep the CPU of ``shared`` busy with one process while the block runs."""
    process = subprocess.Popen([sys.executable, "-c", SPINNER], env=child_environment())
    try:
        os.sched_setaffinity(process.pid, cpus_for(PLACEMENT, drives=False))
        yield
    finally:
        process.kill()
        process.wait()


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Measure an A/A pair in both orders, with the slow half in each."""
    cell = next(c for c in find_cells([IMPLEMENTATIONS]) if c.id == CELL)
    case = Case(cell, "throughput", "tcp", SIZE_BYTES, 1, PLACEMENT)
    pilot = throughput.measure(
        case, run_trial(case, throughput.pilot(case), logs, Random(seed))
    )
    measure = harnessed(case, throughput.window(case, pilot.value_s), logs)
    with steps("drift", 4 * blocks) as shown:

        def take(rng: Random) -> float:
            value_s = measure(rng)
            shown.done()
            return value_s

        sequential = _one_after_the_other(take, blocks, seed)
        interleaved = _block_by_block(take, blocks, seed)
    said = verdict(ratio(*sequential))
    fooled = _answer(
        "one after the other",
        sequential,
        "faster or slower: wrong",
        said in ("faster", "slower"),
    )
    return [
        replace(fooled, needs_quiet=said == Verdict.INCONCLUSIVE),
        _answer(
            "block by block",
            interleaved,
            "neither faster nor slower",
            not differ(*interleaved),
        ),
    ]


def _one_after_the_other(take: Measure, blocks: int, seed: int) -> Pair:
    rng = Random(f"{seed}:sequential")
    first = [take(rng) for _ in range(blocks)]
    with spinner():
        second = [take(rng) for _ in range(blocks)]
    return second, first


def _block_by_block(take: Measure, blocks: int, seed: int) -> Pair:
    rng = Random(f"{seed}:interleaved")
    half = blocks // 2
    pairs = [(take(rng), take(rng)) for _ in range(blocks - half)]
    with spinner():
        pairs += [(take(rng), take(rng)) for _ in range(half)]
    # The order within a pair is random as well: a trial may warm up the next.
    drawn = [pair if rng.random() < 0.5 else pair[::-1] for pair in pairs]
    return [pair[0] for pair in drawn], [pair[1] for pair in drawn]


def _answer(order: str, pair: Pair, expected: str, right: bool) -> KnownAnswer:
    found = ratio(*pair)
    return KnownAnswer(
        f"{CELL} twice, {order}",
        "a busy process in the second half",
        f"{shown(found)}, {verdict(found)}",
        expected,
        right,
    )
