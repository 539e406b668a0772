"""What a selftest says: what was injected, what was measured, and whether it is right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.table import Table

from bench.environment import between, canary_ms, flags, take
from bench.progress import console
from bench.stats import Interval, ratio, verdict
from bench.watch import own_cpu_s

GATE_LEVEL = 0.999
"""Of the intervals that gates look at. A gate that fails only where such an interval rules
the right answer out lets a correct harness pass 999 times in 1,000, whatever the noise; in
noise it finds less, as any test does. Fewer than eleven blocks have no such interval."""


@dataclass(frozen=True)
class Answer:
    """One known answer; ``passed`` None is shown for information, and gates nothing.

    ``needs_quiet``: what other processes do can make the answer of a correct harness a
    wrong one. On a machine that was busy it is then undecided.
    """

    question: str
    injected: str
    measured: str
    expected: str
    passed: bool | None
    needs_quiet: bool = False


def ruled_out(a: Sequence[float], b: Sequence[float], low: float, high: float) -> bool:
    """Say whether the ratio a/b cannot lie between ``low`` and ``high``: at GATE_LEVEL."""
    found = ratio(a, b, GATE_LEVEL)
    return found.low > high or found.high < low


def differ(a: Sequence[float], b: Sequence[float]) -> bool:
    """Say whether a was found faster or slower than b: at GATE_LEVEL."""
    return verdict(ratio(a, b, GATE_LEVEL)) in ("faster", "slower")


def shown(found: Interval) -> str:
    return f"{found.estimate:.3f} ({found.low:.3f} to {found.high:.3f})"


@contextmanager
def watched() -> Iterator[list[str]]:
    """Yield a list that afterwards says what made the machine a busy one meanwhile.

    By the rules that flag a block; what this process and its children did is left out.
    """
    reasons: list[str] = []
    canary, before, used_s = canary_ms(), take(), own_cpu_s()
    yield reasons
    seen = between(before, take(), own_cpu_s() - used_s, canary, 0, 0, 0)
    for why in flags([seen]).values():
        reasons += why


def show(title: str, answers: Sequence[Answer], busy: Sequence[str] = ()) -> bool:
    """Print answers as a table, and return whether none that is gated failed.

    ``busy`` is what made the machine a busy one, in words; nothing for a quiet one.
    """
    busy_title = f"{title}; a busy machine: {', '.join(busy)}" if busy else title
    table = Table(box=None, pad_edge=False, title=busy_title, title_justify="left")
    for column in ("question", "injected", "measured", "must be", "verdict"):
        table.add_column(column)
    for answer in answers:
        table.add_row(
            answer.question,
            answer.injected,
            answer.measured,
            answer.expected,
            _verdict(answer, bool(busy)),
        )
    console.print(table)
    return all(_verdict(answer, bool(busy)) != "FAIL" for answer in answers)


def _verdict(answer: Answer, busy: bool) -> str:
    if answer.passed is None:
        return ""
    if answer.passed:
        return "pass"
    return "undecided" if busy and answer.needs_quiet else "FAIL"
