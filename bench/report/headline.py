"""The headline as a table on a terminal: what ``make bench`` ends with."""

from __future__ import annotations

from pathlib import Path

from rich.table import Table

from bench.charts import words
from bench.report.citation import load_numbers
from bench.report.readme import claimed_cases, name_of, of_the_subject

UNDECIDED = "inconclusive"


def table(numbers: Path) -> Table:
    """Return the claims of a report: ratios of times with their intervals and verdicts."""
    shown = Table(box=None, pad_edge=False)
    for column in ("case", "first", "second"):
        shown.add_column(column)
    shown.add_column("first/second, times", justify="right")
    for column in ("interval", "first is"):
        shown.add_column(column)
    for case, pairs in claimed_cases(load_numbers(numbers)).items():
        for number, pair in enumerate(of_the_subject(pairs)):
            first, second = pair["labels"]
            value, interval = words.number(pair["value"]), "too few blocks"
            if pair["ci_low"] is not None:
                low, high = (
                    words.number(pair[key], pair["value"]) for key in ("ci_low", "ci_high")
                )
                interval = f"{low} to {high}"
            verdict = "undecided" if pair["verdict"] == UNDECIDED else pair["verdict"]
            name = name_of(case) if number == 0 else ""
            shown.add_row(name, first, second, value, interval, verdict)
    return shown
