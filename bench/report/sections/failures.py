"""Which program survives which failure: sentences and tables of recovery."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bench.analysis.estimates import MIB
from bench.analysis.recovery import VARIANTS, measured, with_fault
from bench.analysis.recovery_rows import Recovery
from bench.measure.recovery import BROKEN, KEPT, MEMORY_MAX_BYTES, REPORTED
from bench.report import words
from bench.report.charts import outcomes
from bench.report.model import Columns, Data, Table
from bench.report.sections import survival

MEASURES = {
    "outage": ("outage", "s"),
    "reconnect": ("from healing until the first message got through", "s"),
    "settle": ("from healing until all were in time", "s"),
    "gone": ("never arrived", "messages"),
    "silent": ("lost in silence", "messages"),
    "late": ("messages late or lost for", "s"),
}
"""The citable numbers of a case of recovery: the words for each, and its unit."""
LEAD = (
    "The first rule of networking is that things fail. Messages are offered on a fixed "
    "schedule, also while a service is down. Each fault is injected at a random moment "
    "into separate trials of each program. A trial ends when traffic has recovered, or "
    "at a time limit. Kept: everything arrived, and the program recovered by itself (in "
    "place). Reported: something was reported lost, or a program raised or ended. It was "
    "then called again a tenth of a second later, as a supervisor would do (re-entered). "
    "A reply after the deadline of three seconds counts as reported too: a program that "
    "waits forever is judged by the deadline of one that reports. Broken: a silent loss, "
    "a wrong or unexpected message, a doubled effect, a program that hangs, or more than "
    f"{MEMORY_MAX_BYTES // MIB} MiB of messages in one process. Both variants are judged "
    "by the contract of the resilient one. Behaviour by design can thus break it: a "
    "minimal lossless publisher waits for its slowest subscriber, and a lossy one drops "
    "messages for it. The verdict of a program is that of its worst trial. Times are "
    "medians over trials. docs/failures.md explains the measurement."
)


def span(row: Recovery, name: str) -> str:
    """Return a median with its interval: "0.59 s (0.57 to 0.63)"."""
    said = outcomes.seconds(row, name)
    _, low, high, _ = row.times[name]
    if math.isnan(low):
        return said
    return f"{said} ({bound(row, name, low)} to {bound(row, name, high)})"


def bound(row: Recovery, name: str, value: float) -> str:
    """Return one end of an interval in seconds, "> 8.5" where it was never reached."""
    if math.isinf(value):
        return f"> {words.number(outcomes.watched_s(row, name), digits=2)}"
    return words.number(value, digits=2)


def cited(row: Recovery, measure: str, stacks: Mapping[str, Any]) -> str:
    """Return the sentence of one measure of a row, one of ``MEASURES``."""
    what, unit = MEASURES[measure]
    found = row.median(measure)
    value, low, high = (
        bound(row, measure, end) if unit == "s" else f"{end:g}"
        for end in (found.value, found.low, found.high)
    )
    confidence = words.percent(row.confidence)
    bounds = f"{confidence} interval {low} to {high}; {row.repeats} trials"
    if math.isnan(found.low):
        bounds = f"no interval: {words.plural(row.repeats, 'trial')}, too few"
    breaches = f", {outcomes.counted(row.breaches)}" if row.breaches else ""
    return (
        f"{_subject(row, stacks)}: {what} {value} {unit} ({bounds}); {row.verdict} in "
        f"{trials(row)}{breaches}; recovery: {outcomes.way(row)}"
    )


def _subject(row: Recovery, stacks: Mapping[str, Any]) -> str:
    workload = words.workload(row.case.workload).lower()
    return f"{words.cell(row.case, stacks)} {workload}, {row.fault.title}"


def cited_in_place(row: Recovery, stacks: Mapping[str, Any]) -> str:
    """Return the sentence of how often a program went on without being called again."""
    return (
        f"{_subject(row, stacks)}: went on in place in {row.in_place} of "
        f"{words.plural(row.repeats, 'trial')}"
    )


def trials(row: Recovery) -> str:
    """Return in how many trials a case came to its verdict: "3 of 5 trials"."""
    return f"{row.verdict_trials} of {row.repeats} trials"


def summary(data: Data) -> Iterator[str]:
    """Yield, per variant, how many faults the programs of each stack survive."""
    found = survival.of_rows(with_fault(data.recoveries))
    for variant in (variant for variant in VARIANTS if variant in found):
        said = [
            f"{data.stack(stack)} survives {ended[KEPT]} of {ended.total()}, reports "
            f"trouble in {ended[REPORTED]}, breaks in {ended[BROKEN]}"
            for stack, ended in found[variant].items()
        ]
        yield f"{variant.capitalize()}, all faults and workloads: {'; '.join(said)}."


def table_of(
    rows: Iterable[Recovery], stacks: Mapping[str, Any], caption: str = ""
) -> Table:
    """Return recoveries with all that their trials came to."""

    def confidence(row: Recovery) -> str:
        none = math.isnan(row.times["outage"].low)
        return "too few trials" if none else words.percent(row.confidence)

    columns: Columns[Recovery] = {
        "fault": lambda row: f"{row.fault.number} {row.fault.title}",
        "program": lambda row: words.cell(row.case, stacks),
        "verdict": lambda row: f"{row.verdict} ({trials(row)})",
        "breaches": lambda row: outcomes.counted(row.breaches) or words.PASSED_OVER,
        "recovered": outcomes.way,
        "outage, s": lambda row: _seconds(row, "outage"),
        "reconnect, s": lambda row: _seconds(row, "reconnect"),
        "settle, s": lambda row: _seconds(row, "settle"),
        "late, s": lambda row: _seconds(row, "late"),
        "confidence": confidence,
        "availability": lambda row: words.percent(row.availability, 0),
        "missed": lambda row: f"{row.counts['missed'].value:,.0f} of {row.offered:,.0f}",
        "told": lambda row: str(row.told),
        "memory peak, MiB": lambda row: words.number(row.memory_mib, digits=2),
        "trials": lambda row: f"{row.repeats} of {row.case.blocks}",
    }
    return Table.of(measured(rows), columns, caption, folded=True)


def _seconds(row: Recovery, name: str) -> str:
    return span(row, name).replace(" s", "")


def every_table(data: Data) -> Iterator[Table]:
    """Yield every case of recovery, a table for each workload."""
    for workload in words.WORKLOADS:
        mine = [row for row in data.recoveries if row.case.workload == workload]
        yield table_of(mine, data.stacks, f"Every fault: {words.workload(workload)}")


def not_measured(data: Data) -> Table:
    """Return the cases without a result, with the reason: they are grey on the map."""
    columns: Columns[Recovery] = {
        "cell": lambda row: row.case.cell,
        "fault": lambda row: f"{row.fault.number} {row.fault.title}",
        "reason": lambda row: row.reason,
    }
    without = (row for row in data.recoveries if not row.repeats)
    return Table.of(without, columns, "Not measured")
