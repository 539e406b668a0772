"""Programs that take CPU time while they wait for their turn, and so disturb the others."""

from __future__ import annotations

from collections.abc import Mapping

from bench.analysis.results import Run

IDLE = "idle_cpu_us_per_s"
"""The CPU time of a case's processes between its turns, a number for each block."""
IDLE_MAX_US_PER_S = 1000.0
"""How much a program that waits may take: a thousandth of a CPU."""


def idle_us_per_s(run: Run) -> dict[str, float]:
    """Return the CPU time of cases while they waited, by case id: medians over blocks."""
    if IDLE not in run.trials:
        return {}
    medians = run.trials.groupby("case")[IDLE].median().dropna()
    return {str(case): float(value) for case, value in medians.items()}


def restless(idle: Mapping[str, float]) -> dict[str, float]:
    """Return those of ``idle_us_per_s`` that are above the limit, the worst first."""
    above = {name: value for name, value in idle.items() if value > IDLE_MAX_US_PER_S}
    return dict(sorted(above.items(), key=lambda item: -item[1]))
