"""Intervals cover the true ratio as often as they should, and equal data seem equal.

The data are drawn with fixed seeds, so that the answers are the same on every machine.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bench.analysis.stats import median_interval, ratio, signed_rank_interval_confidence
from bench.selftest.answers import KnownAnswer

SIMULATIONS = 4000
BLOCKS = (6, 10, 20)
WITHIN = 0.01
SWAPS = 2000
FALSE_MAX = 0.06
BLOCK_SD, PROCESS_SD = 0.08, 0.04
"""A noisy machine: relative standard deviations of a block and of one process in it."""
TRUE_RATIO = 1.1


def answers(blocks: int, seed: int, logs: Path) -> list[KnownAnswer]:
    """Simulate runs of a known ratio, and swap the labels of one run's pairs."""
    del blocks, seed, logs
    rng = np.random.default_rng(20)
    found = []
    for count in BLOCKS:
        confidence = signed_rank_interval_confidence(count)
        covered = medians = 0
        for _ in range(SIMULATIONS):
            a, b = _run(rng, count, TRUE_RATIO)
            interval = ratio(a, b)
            covered += interval.low <= TRUE_RATIO <= interval.high
            middle = median_interval(b)
            medians += middle.low <= 1.0 <= middle.high
        found.append(_coverage(f"ratio, {count} blocks", covered, confidence))
        exact = median_interval(np.arange(1.0, count + 1)).confidence
        found.append(_coverage(f"median, {count} blocks", medians, exact))
    found.append(_swaps(rng))
    return found


def _run(
    rng: np.random.Generator, blocks: int, true_ratio: float
) -> tuple[np.ndarray, np.ndarray]:
    block = rng.normal(0, BLOCK_SD, blocks)
    a, b = (np.exp(block + rng.normal(0, PROCESS_SD, blocks)) for _ in range(2))
    return true_ratio * a, b


def covers(
    question: str, injected: str, share: float, confidence: float, beside: str = ""
) -> KnownAnswer:
    """Say whether a share of intervals covers the truth as often as it promises to."""
    return KnownAnswer(
        question,
        injected,
        f"covers the truth in {100 * share:.1f} %{beside}",
        f"{100 * confidence:.1f} %, within {100 * WITHIN:.0f} point",
        abs(share - confidence) <= WITHIN,
    )


def _coverage(what: str, covered: int, confidence: float) -> KnownAnswer:
    injected = f"{SIMULATIONS} simulated runs"
    return covers(f"interval of a {what}", injected, covered / SIMULATIONS, confidence)


def _swaps(rng: np.random.Generator) -> KnownAnswer:
    """Return how often two equals seem to differ, if their labels are swapped at random."""
    a, b = _run(rng, 10, 1.0)
    wrong = 0
    for _ in range(SWAPS):
        swap = rng.random(len(a)) < 0.5
        interval = ratio(np.where(swap, b, a), np.where(swap, a, b))
        wrong += not interval.low <= 1.0 <= interval.high
    share = wrong / SWAPS
    return KnownAnswer(
        "two equals with labels swapped at random",
        f"{SWAPS} swaps",
        f"{100 * share:.1f} % seem to differ",
        f"at most {100 * FALSE_MAX:.0f} %",
        share <= FALSE_MAX,
    )
