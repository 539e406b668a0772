"""The same faults on one host and across hosts, side by side; empty without such trials."""

from __future__ import annotations

from bench.analysis.recovery import measured, recoveries_across
from bench.analysis.recovery_rows import Recovery
from bench.report import words
from bench.report.charts import outcomes
from bench.report.model import Columns, Data, Section, Table
from bench.report.sections.failures import span, trials

LEAD = (
    "The same faults, made with the driver on one host and its peers on others. Each host "
    "kills, freezes and restarts its own processes. A link is cut where packets arrive, "
    "for the ports of the trial alone. Moments of several clocks are moved to one."
)


def section(data: Data) -> Section:
    """Return each fault across hosts beside the same one on one host."""
    there = measured(recoveries_across(data.run))
    here = {
        (row.case.cell, row.fault.name): row
        for row in data.recoveries
        if row.repeats and row.case.transport == "tcp"
    }

    def on_one_host(row: Recovery) -> Recovery | None:
        return here.get((row.case.cell, row.fault.name))

    def verdict(row: Recovery | None) -> str:
        return f"{row.verdict} ({trials(row)})" if row else words.PASSED_OVER

    columns: Columns[Recovery] = {
        "fault": lambda row: f"{row.fault.number} {row.fault.title}",
        "program": lambda row: (
            f"{words.cell(row.case, data.stacks)}, {words.workload(row.case.workload)}"
        ),
        "on one host": lambda row: verdict(on_one_host(row)),
        "across hosts": verdict,
        "breaches": lambda row: outcomes.counted(row.breaches) or words.PASSED_OVER,
        "outage on one host": lambda row: (
            span(other, "outage") if (other := on_one_host(row)) else words.PASSED_OVER
        ),
        "outage across hosts": lambda row: span(row, "outage"),
    }
    made = Table.of(there, columns)
    lead = [LEAD, *_differences(there, here)] if there else []
    return Section("across", "Failures across hosts", lead, tables=[made])


def _differences(there: list[Recovery], here: dict[tuple[str, str], Recovery]) -> list[str]:
    """Return in how many of the pairs the verdicts are the same, as a sentence."""
    pairs = [
        (row, here[row.case.cell, row.fault.name])
        for row in there
        if (row.case.cell, row.fault.name) in here
    ]
    same = sum(row.verdict == other.verdict for row, other in pairs)
    if not pairs:
        return []
    return [f"The verdict is the same in {same} of {len(pairs)} programs and faults."]
