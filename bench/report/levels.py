"""What a level costs to write, and what cures the failures of minimal cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.charts import outcomes, words
from bench.charts.outcomes import tier_order
from bench.charts.price import statements as statements_of
from bench.frames import records
from bench.measure.recovery import KEPT
from bench.recoveries import measured
from bench.report.facets import PROGRAM, every
from bench.report.failures import cell_order, trials
from bench.report.model import Data, Table

LEAD = (
    "Levels, by what this run measured. L0: the happy path. L1: survives a restart of its "
    "server in place. L2: does so under every fault it was put to, and loses, doubles and "
    "answers wrongly nothing; what outlasts a request's deadline may be reported instead, "
    "and what a killed process had taken dies with it."
)


def table_order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Sort key of cells: by workload, by tier, then by stack."""
    workload = list(words.WORKLOADS).index(row["workload"])
    return workload, tier_order(row["variant"]), cell_order(row)


def statements(data: Data) -> dict[str, int]:
    """Return the statements of each cell that was counted."""
    return statements_of(data.run.sizes)


MAY_LOSE = "may lose"


def price(data: Data) -> Table:
    """Return the level of each cell beside its size: what a level costs to write."""
    columns = [
        "workload", "cell", "level", "statements", "more than minimal", "faults", "trials",
        "what speaks against the next level",
    ]  # fmt: skip
    counted = statements(data)
    found = sorted(records(data.levels), key=table_order)
    base = {
        (row["workload"], row["stack"], row["language"]): counted.get(row["cell"])
        for row in found
        if row["variant"] == "minimal"
    }
    rows = []
    for row in found:
        size = counted.get(row["cell"])
        least = base.get((row["workload"], row["stack"], row["language"]))
        more = size - least if size and least and row["variant"] != "minimal" else None
        rows.append(
            [
                words.workload(row["workload"]),
                words.cell(row, data.stacks),
                (row["level"] or words.PASSED_OVER)
                + (f", {MAY_LOSE}" if may_lose(row) else ""),
                f"{size:,}" if size else words.PASSED_OVER,
                words.PASSED_OVER if more is None else f"{more:+d}",
                str(row["faults"]),
                str(row["trials"]),
                row["amiss"] or words.PASSED_OVER,
            ]
        )
    about = every(found, data.stacks, PROGRAM)
    return Table(columns, rows, "Levels, and what they cost to write", facets=about)


def may_lose(row: Mapping[str, Any]) -> bool:
    """Whether a cell promises less than those beside it: a fan-out that drops messages.

    What is resilient says what a subscriber lacks, so that it is no loss in silence.
    """
    return bool(row["fan_out_mode"] == "lossy" and row["variant"] != "resilient")


def cited(row: Mapping[str, Any], stacks: Mapping[str, Any]) -> str:
    """Return the sentence of a cell's level."""
    amiss = f"; {row['amiss']}" if row["amiss"] else ""
    promise = f", {MAY_LOSE}," if may_lose(row) else ""
    return (
        f"{words.cell(row, stacks)} {words.workload(row['workload']).lower()}{promise} "
        "is at level "
        f"{row['level']} of 2, by {words.plural(row['trials'], 'trial')} of "
        f"{words.plural(row['faults'], 'fault')}{amiss}"
    )


def cures(data: Data) -> Table:
    """Return the failures of minimal cells, each beside the resilient cell."""
    columns = [
        "workload", "fault", "minimal cell", "what happened", "the application",
        "resilient cell", "what becomes of it there", "statements",
    ]  # fmt: skip
    shown = measured(data.recoveries)
    if shown.empty:
        return Table(columns, [])
    counted = statements(data)
    resilient = {
        (row["workload"], row["stack"], row["language"], row["fault"]): row
        for row in records(shown[shown["variant"] == "resilient"])
    }
    failed = records(shown[(shown["variant"] == "minimal") & (shown["verdict"] != KEPT)])
    failed.sort(key=lambda row: list(words.WORKLOADS).index(row["workload"]))
    rows = []
    for row in failed:
        key = (row["workload"], row["stack"], row["language"], row["fault"])
        cure = resilient.get(key)
        rows.append(
            [
                words.workload(row["workload"]),
                f"{row['fault_number']} {row['fault_title']}",
                words.cell(row, data.stacks),
                f"{row['verdict']}: {outcomes.counted(row)} ({trials(row)})",
                outcomes.TOLD[row["told"]],
                words.cell(cure, data.stacks) if cure else "not measured",
                _cured(cure) if cure else words.PASSED_OVER,
                _price(row, cure, counted),
            ]
        )
    # Of two variants each.
    about = every(failed, data.stacks, [n for n in PROGRAM if n != "variant"])
    return Table(columns, rows, "Where minimal fails, and what cures it", facets=about)


def _cured(cure: Mapping[str, Any]) -> str:
    if cure["verdict"] == KEPT:
        return f"cured: {outcomes.in_a_cell(cure)}, {outcomes.way(cure)}"
    return f"{cure['verdict']}: {outcomes.counted(cure)} ({trials(cure)})"


def _price(
    row: Mapping[str, Any], cure: Mapping[str, Any] | None, counted: Mapping[str, int]
) -> str:
    """Return "18 to 96 (+78)"."""
    if cure is None or row["cell"] not in counted or cure["cell"] not in counted:
        return words.PASSED_OVER
    less, more = counted[row["cell"]], counted[cure["cell"]]
    return f"{less} to {more} ({more - less:+d})"
