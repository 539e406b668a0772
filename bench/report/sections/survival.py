"""How many faults the programs of each stack survive, as README and the terminal count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from bench.analysis.recovery_rows import Recovery
from bench.contract.alike import stack_order
from bench.contract.rows import case_named
from bench.faults.all_faults import controls
from bench.report.entries import program_at

Entry = Mapping[str, Any]


def counted(ended: Iterable[tuple[str, str, str]]) -> dict[str, dict[str, Counter[str]]]:
    """Return how often each verdict was found, by variant and stack, the stacks in order.

    ``ended`` are triples of variant, stack and verdict.
    """
    found: dict[str, dict[str, Counter[str]]] = {}
    for variant, stack, verdict in ended:
        found.setdefault(variant, {}).setdefault(stack, Counter())[verdict] += 1
    return {
        variant: {stack: stacks[stack] for stack in sorted(stacks, key=stack_order)}
        for variant, stacks in found.items()
    }


def of_rows(rows: Iterable[Recovery]) -> dict[str, dict[str, Counter[str]]]:
    """Return the same of rows that have a verdict."""
    return counted((r.case.variant, r.case.stack, r.verdict) for r in rows if r.verdict)


def verdicts(entries: Iterable[Entry]) -> dict[str, dict[str, Counter[str]]]:
    """Return how many trials of a fault ended with each verdict, by variant and stack.

    A program counts once for each fault that it met; controls, in which nothing fails, do
    not count.
    """
    ended = {
        (entry["cells"][0], entry["case"]): str(entry["verdict"])
        for entry in entries
        if entry["kind"] == "recovery" and case_named(entry["case"]).fault not in controls()
    }
    programs = ((program_at(cell), verdict) for (cell, _), verdict in ended.items())
    return counted((row.variant, row.stack, verdict) for row, verdict in programs)
