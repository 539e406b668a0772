"""What survives which failure: sentences and tables of recovery, computed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from bench.charts import outcomes, words
from bench.comparisons import stack_order
from bench.estimates import MIB
from bench.frames import records
from bench.measure.recovery import BROKEN, KEPT, MEMORY_MAX_BYTES, REPORTED, VERDICTS
from bench.recoveries import TIERS, TIMES, measured
from bench.report.facets import every
from bench.report.model import Data, Table

MEASURES = {
    "outage": ("outage", "s"),
    "reconnect": ("from healing until the first message got through", "s"),
    "settle": ("from healing until all were in time", "s"),
    "gone": ("never arrived", "messages"),
    "silent": ("lost in silence", "messages"),
    "late": ("messages late or lost for", "s"),
}
"""What is citable of a case of recovery: what it says, and its unit."""
LEAD = (
    "The first rule of networking is that things fail. Messages are offered on a grid of "
    "moments, whatever becomes of them; each fault befalls every cell at a random moment "
    "of trials of its own, which are watched until all flows again or their time is over. "
    "Kept: everything arrived, in place. Reported: something was reported lost, or a "
    "program raised or ended and was called again a tenth of a second later, as a "
    "supervisor would do it (re-entered). Broken: a loss in silence, a wrong or "
    "unexpected message, a doubled effect, a program that hangs, or more than "
    f"{MEMORY_MAX_BYTES // MIB} MiB of messages in one process. Both tiers are judged by "
    "the contract of the resilient one, so that what a minimal program does by design (a "
    "lossless publisher waits for its slowest subscriber, a lossy one drops for it) breaks "
    "it as well. A cell's verdict is that "
    "of its worst trial, times are medians over trials. docs/failures.md says how this is "
    "measured."
)


def cell_order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Sort key of cells: by stack, as on charts, then by variant."""
    return -stack_order(row["stack"])[0], row["stack"], row["variant"]


def span(row: Mapping[str, Any], name: str) -> str:
    """Return a median with its interval: "0.59 s (0.57 to 0.63)"."""
    said = outcomes.seconds(row, name)
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if math.isnan(low):
        return said
    return f"{said} ({bound(row, name, low)} to {bound(row, name, high)})"


def bound(row: Mapping[str, Any], name: str, value: float) -> str:
    """Return one end of an interval in seconds, "> 8.5" where it was never reached."""
    if math.isinf(value):
        return f"> {words.number(outcomes.watched_s(row, name), digits=2)}"
    return words.number(value, digits=2)


def cited(row: Mapping[str, Any], measure: str, stacks: Mapping[str, Any]) -> str:
    """Return the sentence of one measure of a row, one of ``MEASURES``."""
    what, unit = MEASURES[measure]
    ends = [f"{measure}_low", f"{measure}_high"]
    value, low, high = (
        bound(row, measure, row[name]) if unit == "s" else f"{row[name]:g}"
        for name in (column(measure), *ends)
    )
    level = words.percent(row["confidence"])
    bounds = f"{level} interval {low} to {high}; {row['repeats']} trials"
    if math.isnan(row[ends[0]]):
        bounds = f"no interval: {words.plural(row['repeats'], 'trial')}, too few"
    against = f", {outcomes.counted(row)}" if row["against"] else ""
    return (
        f"{words.cell(row, stacks)} {words.workload(row['workload']).lower()}, "
        f"{row['fault_title']}: {what} {value} {unit} ({bounds}); {row['verdict']} in "
        f"{trials(row)}{against}; recovery: {outcomes.way(row)}"
    )


def column(measure: str) -> str:
    """Return the column of ``recoveries`` that has a measure's median."""
    return f"{measure}_s" if MEASURES[measure][1] == "s" else measure


def trials(row: Mapping[str, Any]) -> str:
    """Return in how many trials a case came to its verdict: "3 of 5 trials"."""
    return f"{row['verdict_trials']} of {row['repeats']} trials"


def _one(row: Mapping[str, Any], stacks: Mapping[str, Any]) -> str:
    """Return what one cell came to, as a clause: "kept by X, in place after 0.6 s"."""
    said = [outcomes.counted(row)] if row["against"] else []
    if row["not_recovered"] < row["repeats"]:
        mixed = "median " if row["not_recovered"] else ""
        said.append(f"{outcomes.way(row)} after {mixed}{outcomes.seconds(row)}")
        late = f"messages late for {outcomes.seconds(row, 'late')}"
        said.append(late if row["late_s"] else "no message late")
    if row["verdict"] != KEPT:
        said.append(f"the application {outcomes.TOLD[row['told']]}")
        said[-1] += f" ({trials(row)})"
    return f"{row['verdict']} by {words.cell(row, stacks)}: {', '.join(said)}"


def sentence(rows: list[dict[str, Any]], stacks: Mapping[str, Any]) -> str:
    """Return one fault in one workload as a sentence over all cells, the best first."""
    ordered = sorted(rows, key=cell_order)
    ordered.sort(key=lambda row: VERDICTS.index(row["verdict"]))
    said = "; ".join(_one(row, stacks) for row in ordered)
    return f"{words.workload(rows[0]['workload'])}: {said}."


def answers(data: Data) -> Iterator[tuple[str, list[str]]]:
    """Yield a question for each fault, with a sentence for each workload."""
    shown = measured(data.recoveries)
    if shown.empty:
        return
    known = list(words.WORKLOADS)
    for _, part in shown.groupby("fault_order", sort=True):
        title = str(part["fault_title"].iloc[0])
        groups = [records(rows) for _, rows in part.groupby("workload", sort=False)]
        groups.sort(key=lambda rows: known.index(rows[0]["workload"]))
        said = [sentence(rows, data.stacks) for rows in groups]
        yield f"{title[:1].upper()}{title[1:]}: which survives?", said


def summary(data: Data) -> Iterator[str]:
    """Yield, per tier, in how many faults each stack keeps its contract."""
    shown = measured(data.recoveries)
    for tier in TIERS:
        mine = shown[shown["variant"] == tier] if len(shown) else shown
        if mine.empty:
            continue
        said = []
        for stack in sorted(set(mine["stack"]), key=stack_order):
            found = Counter(mine.loc[mine["stack"] == stack, "verdict"])
            total = found.total()
            said.append(
                f"{words.stack(stack, data.stacks)} keeps its contract in {found[KEPT]} of "
                f"{total}, reports trouble in {found[REPORTED]}, breaks it in "
                f"{found[BROKEN]}"
            )
        yield f"{tier.capitalize()}, all faults and workloads: {'; '.join(said)}."


COLUMNS = [
    "fault", "cell", "verdict", "against it", "recovered", "outage, s", "reconnect, s",
    "settle, s", "late, s", "level", "availability", "missed", "told", "memory peak, MiB",
    "trials",
]  # fmt: skip


def table_of(table: pd.DataFrame, stacks: Mapping[str, Any], caption: str = "") -> Table:
    """Return rows of ``recoveries`` with all that their trials came to."""
    shown = records(measured(table))
    rows = [_row(row, stacks) for row in shown]
    return Table(COLUMNS, rows, caption, folded=True, facets=every(shown, stacks))


def every_table(data: Data) -> Iterator[Table]:
    """Yield every case of recovery, a table for each workload."""
    for workload in words.WORKLOADS:
        mine = data.recoveries[data.recoveries["workload"] == workload]
        yield table_of(mine, data.stacks, f"Every fault: {words.workload(workload)}")


def _share(value: float) -> str:
    return words.PASSED_OVER if math.isnan(value) else f"{100 * value:.0f} %"


def _row(row: Mapping[str, Any], stacks: Mapping[str, Any]) -> list[str]:
    some = not math.isnan(row["outage_low"])
    times = [span(row, name).replace(" s", "") for name in TIMES]
    return [
        f"{row['fault_number']} {row['fault_title']}",
        words.cell(row, stacks),
        f"{row['verdict']} ({trials(row)})",
        outcomes.counted(row) or words.PASSED_OVER,
        outcomes.way(row),
        *times,
        words.percent(row["confidence"]) if some else "too few trials",
        _share(row["availability"]),
        f"{row['missed']:,.0f} of {row['offered']:,.0f}",
        row["told"],
        words.number(row["memory_mib"], digits=2),
        f"{row['repeats']} of {row['blocks']}",
    ]


def not_measured(data: Data) -> Table:
    """Return the cases without a result, with the reason: they are grey on the map."""
    without = [row for row in records(data.recoveries) if not row["repeats"]]
    rows = [
        [row["cell"], f"{row['fault_number']} {row['fault_title']}", row["reason"]]
        for row in without
    ]
    columns, about = ["cell", "fault", "reason"], every(without, data.stacks)
    return Table(columns, rows, "Not measured", facets=about)
