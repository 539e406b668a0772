"""The CPU time of programs that wait for their turn; those that disturb are named."""

from __future__ import annotations

from collections.abc import Iterator

from bench.analysis.idle import IDLE_MAX_US_PER_S, idle_us_per_s, restless
from bench.report import words
from bench.report.model import Data

PER_CPU = 1e6


def waiting(data: Data) -> Iterator[str]:
    """Yield what programs in turns took while they waited; nothing without turns."""
    idle = idle_us_per_s(data.run)
    if not idle:
        return
    limit = f"{words.number(100 * IDLE_MAX_US_PER_S / PER_CPU, digits=1)} % of a CPU"
    found = restless(idle)
    if not found:
        most = words.number(100 * max(idle.values()) / PER_CPU, digits=2)
        yield (
            "Programs that wait for their turn took little CPU time from the others: at "
            f"most {most} % of a CPU, with {limit} as the limit."
        )
        return
    cases = ((data.run.cases[case], us) for case, us in found.items())
    named = ", ".join(
        f"{words.measured_case(case)}, {words.cell(case, data.stacks)}: "
        f"{words.number(100 * us / PER_CPU)} %"
        for case, us in cases
    )
    yield (
        f"These programs took more than {limit} while they waited for their turn. They "
        f"disturbed the others of their sets: {named}."
    )
