"""The headline as a table on a terminal: what ``make bench`` ends with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.analysis.recovery import VARIANTS
from bench.contract.alike import Kind, stack_order
from bench.contract.rows import case_named
from bench.measure.recovery import KEPT
from bench.report import words
from bench.report.entries import program_at
from bench.report.numbers.citation import load_numbers
from bench.report.pages.declared import name_of
from bench.report.sections import over_machines
from bench.report.sections.paired import SHOWN, declared_cases, opponent
from bench.report.sections.survival import verdicts


def table(numbers: Path) -> Table | None:
    """Return what a report compared: who is faster in each case, by how much.

    A run that compared no two programs has its measurements instead; None without any.
    """
    entries = load_numbers(numbers)
    if cases := declared_cases(entries):
        return _ratios(cases)
    shown = Table("case", "measured", box=None, pad_edge=False)
    for entry in (e for e in entries if e["kind"] == "absolute" and is_headline(e)):
        shown.add_row(name_of(entry["case"]), _measured(entry))
    return shown if shown.row_count else None


def against(numbers: Path, stacks: Collection[str]) -> Table | None:
    """Return the ratios of some stacks' programs against those of other stacks.

    ``stacks`` are names of folders. None without such a ratio.
    """
    cases: dict[str, list[Mapping[str, Any]]] = {}
    for entry in load_numbers(numbers):
        if entry["kind"] in SHOWN:
            found = [program_at(cell).stack in stacks for cell in entry["cells"]]
            if any(found) and not all(found):
                cases.setdefault(entry["case"], []).append(entry)

    def place(case: str) -> tuple[int, str, str]:
        row = case_named(case)
        return words.order(row.workload), row.quantity, case

    shown = {
        case: sorted(cases[case], key=_judged_first) for case in sorted(cases, key=place)
    }
    return _ratios(shown) if shown else None


def _judged_first(pair: Mapping[str, Any]) -> tuple[Any, ...]:
    places = [stack_order(program_at(cell).stack) for cell in pair["cells"]]
    return pair["kind"] == Kind.APART, *places, pair["labels"]


def _ratios(cases: Mapping[str, Sequence[Mapping[str, Any]]]) -> Table:
    """Return a row for each pair of each case, or the reason why it has no ratio."""
    shown = Table("case", "program", "against", "found", box=None, pad_edge=False)
    for case, pairs in cases.items():
        for number, pair in enumerate(pairs):
            if pair["kind"] == Kind.APART:
                found = f"not compared: {pair['reason']}"
            else:
                found = over_machines.finding(pair)
            name = name_of(case) if number == 0 else ""
            shown.add_row(name, pair["labels"][0], opponent(pair), found)
    return shown


def _measured(entry: Mapping[str, Any]) -> str:
    """Return "48.0 us (95.1 % interval 47.1 to 49.2; 10 blocks)" of an absolute number."""
    value, low, high = (
        math.nan if entry[name] is None else float(entry[name])
        for name in ("value", "ci_low", "ci_high")
    )
    within = words.interval(value, low, high, entry["confidence"], entry["blocks"])
    return f"{words.measured(value, entry['unit'])} ({within})"


def is_headline(entry: Mapping[str, Any]) -> bool:
    """Say whether an absolute number is the one that stands for its case."""
    return str(entry["id"]).startswith(f"{entry['case']}.")


def survival(numbers: Path) -> Table | None:
    """Return how many faults each stack's programs survive, None without any fault."""
    found = verdicts(load_numbers(numbers))
    stacks = sorted({stack for by in found.values() for stack in by}, key=stack_order)
    if not stacks:
        return None
    shown = Table(box=None, pad_edge=False)
    for column in ("faults survived", *stacks):
        shown.add_column(column)
    for variant in VARIANTS:
        if by := found.get(variant):
            counts = [by.get(stack, Counter()) for stack in stacks]
            shown.add_row(variant, *(f"{one[KEPT]} of {one.total()}" for one in counts))
    return shown
