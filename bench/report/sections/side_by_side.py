"""The section on the programs beside each other: where their pages are."""

from __future__ import annotations

from bench.analysis.side_by_side import SHORTEST, beside
from bench.report import words
from bench.report.model import Data, Section

FOLDER = "side_by_side"


def workloads(data: Data) -> list[str]:
    """Return the workloads of which a run kept at least two programs to compare."""
    rows = data.run.code.programs
    return [w for w in words.WORKLOADS if len(beside(rows, w, SHORTEST)) > 1]


def section(data: Data) -> Section:
    """Return where the pages are."""
    names = workloads(data)
    lead = (
        "The programs as they were measured, one beside the other, with what each "
        "survives: for the happy path, the same in C, and those that survive failures. "
        "They stand beside this report."
    )
    said = [f"{words.workload(name)}: {FOLDER}/{name}.html" for name in names]
    return Section(FOLDER, "Side by side", [lead] if names else [], said)
