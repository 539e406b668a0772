"""What a selftest says: what was injected, what was measured, and whether it is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from bench.progress import console


@dataclass(frozen=True)
class Answer:
    """One known answer; ``passed`` None is shown for information, and gates nothing."""

    question: str
    injected: str
    measured: str
    expected: str
    passed: bool | None


def show(title: str, answers: Sequence[Answer]) -> bool:
    """Print answers as a table, and return whether every one that is gated passed."""
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    for column in ("question", "injected", "measured", "must be", "verdict"):
        table.add_column(column)
    for answer in answers:
        verdict = {True: "pass", False: "FAIL", None: ""}[answer.passed]
        table.add_row(
            answer.question, answer.injected, answer.measured, answer.expected, verdict
        )
    console.print(table)
    return all(answer.passed is not False for answer in answers)
