"""The headline as a table on a terminal: what ``make bench`` ends with."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.table import Table

from bench.charts import words
from bench.comparisons import stack_order
from bench.measure.recovery import KEPT
from bench.recoveries import TIERS
from bench.report.citation import load_numbers
from bench.report.readme import claimed_cases, name_of, of_the_subject
from bench.stats import INCONCLUSIVE


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
            verdict = "undecided" if pair["verdict"] == INCONCLUSIVE else pair["verdict"]
            name = name_of(case) if number == 0 else ""
            shown.add_row(name, first, second, value, interval, verdict)
    return shown


def survival(numbers: Path) -> Table | None:
    """Return how many faults each stack's programs survive, None without any fault."""
    verdicts = {
        (entry["cells"][0], entry["case"]): entry["verdict"]
        for entry in load_numbers(numbers)
        if entry["kind"] == "recovery"
    }
    kept, met = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for (cell, _), verdict in verdicts.items():
        stack, tier, _ = cell.split("/")
        met[tier, stack] += 1
        kept[tier, stack] += verdict == KEPT
    if not met:
        return None
    stacks = sorted({stack for _, stack in met}, key=stack_order)
    shown = Table(box=None, pad_edge=False)
    for column in ("contract kept under faults", *stacks):
        shown.add_column(column)
    for tier in TIERS:
        if any(met[tier, stack] for stack in stacks):
            shown.add_row(tier, *(f"{kept[tier, s]} of {met[tier, s]}" for s in stacks))
    return shown
