"""Answers of selftests: the injected effect, the measured one, and whether they agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from rich.table import Table

from bench.analysis.stats import Interval, ratio, verdict
from bench.run.block_environment import own_cpu_s
from bench.run.environment import between, canary_ms, flags, take
from bench.run.progress import console

GATE_CONFIDENCE = 0.999
"""The confidence of the intervals that gates look at.

A gate fails only if such an interval excludes the right answer. So a correct harness passes
999 times in 1,000, whatever the noise. With more noise the gate finds fewer errors. Fewer
than eleven blocks have no such interval.
"""


@dataclass(frozen=True)
class KnownAnswer:
    """One known answer. If ``passed`` is None, it is shown and gates nothing.

    ``needs_quiet``: other processes can make a correct harness give a wrong answer. Such an
    answer is undecided on a busy machine.
    """

    question: str
    injected: str
    measured: str
    expected: str
    passed: bool | None
    needs_quiet: bool = False


def ruled_out(a: Sequence[float], b: Sequence[float], low: float, high: float) -> bool:
    """Return whether the interval of the ratio a/b excludes all from ``low`` to ``high``.

    ``a`` and ``b`` are values in seconds, one for each block, in the same order. The
    confidence of the interval is GATE_CONFIDENCE.
    """
    found = ratio(a, b, GATE_CONFIDENCE)
    return found.low > high or found.high < low


def differ(a: Sequence[float], b: Sequence[float]) -> bool:
    """Return whether the verdict on a/b is faster or slower, at GATE_CONFIDENCE.

    ``a`` and ``b`` are values in seconds, one for each block, in the same order.
    """
    return verdict(ratio(a, b, GATE_CONFIDENCE)) in ("faster", "slower")


def shown(found: Interval) -> str:
    return f"{found.estimate:.3f} ({found.low:.3f} to {found.high:.3f})"


@contextmanager
def observed() -> Iterator[list[str]]:
    """Yield a list that is filled afterwards with the reasons to call the machine busy.

    The rules for a flagged block apply. The work of this process and of its children does
    not count.
    """
    reasons: list[str] = []
    canary, before, used_s = canary_ms(), take(), own_cpu_s()
    yield reasons
    seen = between(before, take(), own_cpu_s() - used_s, canary, 0, 0, 0)
    for why in flags([seen]).values():
        reasons += why


def show(title: str, answers: Sequence[KnownAnswer], busy: Sequence[str] = ()) -> bool:
    """Print answers as a table, and return whether no gated answer failed.

    ``busy`` are the reasons to call the machine busy, in words. It is empty on a quiet one.
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


def _verdict(answer: KnownAnswer, busy: bool) -> str:
    if answer.passed is None:
        return ""
    if answer.passed:
        return "pass"
    return "undecided" if busy and answer.needs_quiet else "FAIL"
