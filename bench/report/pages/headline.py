"""The headline as a table on a terminal: what ``make bench`` ends with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.analysis.growth import EXPONENT, LAWS_OF, MARGINAL
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

Entry = Mapping[str, Any]
BOUNDS = ("ci_low", "ci_high")


def table(numbers: Path) -> Table | None:
    """Return what a report compared: who is faster in each case, by how much.

    A run that compared no two programs has its measurements instead; None without any.
    """
    entries = load_numbers(numbers)
    if cases := declared_cases(entries):
        return _ratios(cases)
    return _measurements(entries)


def against(numbers: Path, stacks: Collection[str]) -> Table | None:
    """Return the ratios of some stacks' programs against those of other stacks.

    ``stacks`` are names of folders. None without such a ratio.
    """
    cases: dict[str, list[Entry]] = {}
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


def _judged_first(pair: Entry) -> tuple[Any, ...]:
    places = [stack_order(program_at(cell).stack) for cell in pair["cells"]]
    return pair["kind"] == Kind.APART, *places, pair["labels"]


def _ratios(cases: Mapping[str, Sequence[Entry]]) -> Table:
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


def _measurements(entries: Sequence[Entry]) -> Table | None:
    """Return how costs grow, and every number that stands for its case.

    Where a law is known the costs that it was made from are left out.
    """
    shown = Table("program", "case", "measured", box=None, pad_edge=False)
    laws = [entry for entry in entries if entry["kind"] == "growth"]
    for entry in filter(_is_shown, laws):
        shown.add_row(entry["labels"][0], *_law(entry))
    for entry in (e for e in entries if e["kind"] == "absolute" and is_headline(e)):
        case = case_named(entry["case"])
        if not (laws and case.quantity == "cost"):
            named = f"{name_of(entry['case'])}, {words.instances(case)}"
            shown.add_row(entry["labels"][0], named, _measured(entry))
    return shown if shown.row_count else None


def _is_shown(law: Entry) -> bool:
    """Say whether a law is the best for its workload: a cost with a part that is fixed and
    one for each peer goes with no power.
    """
    workload, quantity, *_ = law["case"].split(".")
    return MARGINAL not in LAWS_OF[workload] or not quantity.endswith(EXPONENT)


def _law(entry: Entry) -> tuple[str, str]:
    """Return what a cost grows with, and by which law: "k = 0.02 (0.00 to 0.03)"."""
    workload, quantity, *_ = entry["case"].split(".")
    many, whose = words.GROWN[workload]
    case = f"{words.workload(workload)}, CPU time of the {whose}, by {many}"
    if quantity.removeprefix("cost_") == EXPONENT:
        ends = (math.nan if entry[name] is None else entry[name] for name in BOUNDS)
        return case, f"k = {words.exponent(entry['value'], *ends)}"
    return case, f"each further one: {_measured(entry)}"


def _measured(entry: Entry) -> str:
    """Return "48.0 us (95.1 % interval 47.1 to 49.2; 10 blocks)" of an absolute number."""
    value, low, high = (
        math.nan if entry[name] is None else float(entry[name])
        for name in ("value", *BOUNDS)
    )
    within = words.interval(value, low, high, entry["confidence"], entry["blocks"])
    return f"{words.measured(value, entry['unit'])} ({within})"


def is_headline(entry: Entry) -> bool:
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
