"""What most readers ask, each answered by one sentence with its numbers and a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from bench.charts import words
from bench.charts.costs import size_table
from bench.charts.failures import TIERS_SHORT
from bench.charts.findings import best_of_each, front, listed
from bench.charts.style import records
from bench.comparisons import headline_cells, of_kind, stack_order
from bench.estimates import headline_measure
from bench.leaders import Race, Rival, races
from bench.measure.recovery import KEPT
from bench.plan import SMALL_BYTES
from bench.recoveries import measured
from bench.report import levels, sentences
from bench.report.model import Answer, Data

ASKED = {
    ("request_reply", "latency"): "Which is fastest for small requests?",
    ("fan_out", "throughput"): "Which delivers most to several subscribers?",
    ("pipeline", "throughput"): "Which hands most tasks to workers?",
}
FAULTS = {
    "server_killed": "Which survives a killed server?",
    "link_cut_4s": "Which survives a link that is cut for seconds?",
    "application_hung": "Which survives a program that hangs?",
}
GUARANTEED = "L2"
UNDECIDED = "the data cannot tell"


def _label(stack: str, data: Data) -> str:
    return words.stack(stack, data.stacks)


def _value(row: dict[str, Any]) -> str:
    return words.measured(float(row["value"]), str(row["unit"]))


def _rival(rival: Rival, data: Data, *, first: bool) -> str:
    name = words.cell(rival.row, data.stacks)
    if math.isnan(rival.ratio):
        return name
    takes = "takes " if first else ""
    longer = (
        f"{takes}{words.number(rival.ratio)} times as long"
        if first
        else (f"{words.number(rival.ratio)} times")
    )
    if not rival.verdict:
        return f"{name} {longer} (by medians, not compared)"
    bounds = words.interval(
        rival.ratio, rival.low, rival.high, rival.confidence, rival.blocks_done
    )
    said = sentences.VERDICTS[rival.verdict].split(":")[0]
    return f"{name} {longer} ({bounds}: {said})"


def _race(race: Race, data: Data) -> str:
    where = words.PLACEMENTS_SHORT[race.placement]
    leader = f"{words.cell(race.leader, data.stacks)} with {_value(race.leader)}"
    behind = [_rival(r, data, first=not n) for n, r in enumerate(race.rivals)]
    return f"on {where} {leader}; {', '.join(behind)}"


def _found(raced: Sequence[Race], data: Data) -> str:
    """Return the stacks that no other beats, or that it depends on the placement."""
    fronts = [front(race) for race in raced]
    if len({frozenset(stacks) for stacks in fronts}) > 1:
        return "depends on the placement"
    ahead = listed(_label(stack, data) for stack in fronts[0])
    return ahead if len(fronts[0]) == 1 else f"{ahead}: {UNDECIDED}"


def _speed(data: Data) -> Iterator[Answer]:
    claims = of_kind(data.compared, "claim")
    for (workload, quantity), question in ASKED.items():
        if claims.empty:
            return
        mine = claims[(claims["workload"] == workload) & (claims["quantity"] == quantity)]
        measure = headline_measure(quantity)
        table = data.table[data.table["measure"] == measure]
        raced = races(table, data.compared, dict.fromkeys(mine["name"]))
        if raced:
            case = words.size(int(raced[0].leader["size_bytes"]))
            said = f"{case} over {raced[0].leader['transport']}: "
            said += ". ".join(_race(race, data) for race in raced)
            yield Answer(question, _found(raced, data), f"{said}.", quantity)


def _cpu(data: Data) -> Iterator[Answer]:
    table = data.table
    mine = table[
        (table["measure"] == "cpu")
        & (table["quantity"] == "throughput")
        & (table["placement"] == "shared")
        & (table["size_bytes"] == SMALL_BYTES)
        & (table["transport"] == "tcp")
        & (table["twin"] == 0)
        & (table["fan_out_mode"] != "lossy")
        & (table["language"] == "python")
        & ~table["floor"].astype(bool)
    ]
    said, ahead = [], []
    for workload in [w for w in words.WORKLOADS if (mine["workload"] == w).any()]:
        best = best_of_each(records(mine[mine["workload"] == workload]), "value")
        ahead.append([r["stack"] for r in best if r is best[0] or not _apart(r, best[0])])
        each = ", ".join(_cpu_of(dict(row), data) for row in best)
        said.append(f"{words.workload(workload).lower()} {each}")
    if said:
        found = _in_each(ahead, data)
        text = f"Microseconds a message on one CPU: {'; '.join(said)}."
        yield Answer("Which takes least CPU time?", found, text, "cost")


def _apart(row: Any, least: Any) -> bool:
    return bool(row["low"] > least["high"])


def _cpu_of(row: dict[str, Any], data: Data) -> str:
    name, value = words.cell(row, data.stacks), words.number(row["value"])
    if math.isnan(row["low"]):
        return f"{name} {value}"
    ends = (words.number(row[end], row["value"]) for end in ("low", "high"))
    return f"{name} {value} ({' to '.join(ends)})"


def _in_each(ahead: Sequence[Sequence[str]], data: Data) -> str:
    """Return the stacks that are ahead in every workload, or that it depends on it."""
    if len({frozenset(stacks) for stacks in ahead}) > 1:
        return "depends on the workload"
    names = listed(_label(stack, data) for stack in ahead[0])
    return names if len(ahead[0]) == 1 else f"{names}: {UNDECIDED}"


def _faults(data: Data) -> Iterator[Answer]:
    shown = measured(data.recoveries)
    for fault, question in FAULTS.items():
        mine = shown[(shown["fault"] == fault) & shown["variant"].isin(TIERS_SHORT)]
        if not len(mine):
            continue
        said, kept_by = [], {}
        for tier, rows in mine.groupby("variant", sort=True):
            counts = []
            for stack in sorted(set(rows["stack"]), key=stack_order):
                own = rows[rows["stack"] == stack]
                kept = int((own["verdict"] == KEPT).sum())
                counts.append(f"{_label(stack, data)} in {kept} of {len(own)}")
                if kept == len(own):
                    kept_by.setdefault(str(tier), []).append(_label(stack, data))
            said.append(f"{tier}, {', '.join(counts)}")
        title = words.plural(int(mine["repeats"].min()), "trial")
        text = f"Workloads in which the contract is kept, the worst of {title} or more: "
        whom = [f"{tier}: {listed(names)}" for tier, names in kept_by.items()]
        found = "; ".join(whom) or "none in every workload"
        yield Answer(question, found, f"{text}{'; '.join(said)}.", "failures")


def _guarantees(data: Data) -> Iterator[Answer]:
    counted = levels.statements(data)
    rows = [
        {**row, "statements": counted[row["cell"]]}
        for row in records(data.levels)
        if row["level"] == GUARANTEED and row["cell"] in counted
    ]
    text = (
        f"Statements of the shortest program at level {GUARANTEED}, which survives every "
        "fault it was put to and loses, doubles and answers wrongly nothing: "
    )
    yield from _shortest(rows, "Which is shortest at equal guarantees?", text, data)


def _happy_path(data: Data) -> Iterator[Answer]:
    table = size_table(data.run)
    if table.empty:
        return
    heads: list[dict[str, Any]] = []
    for _, mine in table[table["fan_out_mode"] != "lossy"].groupby("workload", sort=False):
        heads += headline_cells(mine.assign(case=mine["cell"])).values()
    heads = [row for row in heads if not row["floor"]]
    text = "Statements of the program that stands for its stack, library defaults: "
    yield from _shortest(heads, "Which is shortest while nothing fails?", text, data)


def _shortest(
    rows: list[dict[str, Any]], question: str, text: str, data: Data
) -> Iterator[Answer]:
    said, ahead = [], []
    for workload in words.WORKLOADS:
        best = best_of_each((r for r in rows if r["workload"] == workload), "statements")
        if len(best) > 1:
            least = best[0]["statements"]
            ahead.append([str(r["stack"]) for r in best if r["statements"] == least])
            each = (f"{words.cell(row, data.stacks)} {row['statements']}" for row in best)
            said.append(f"{words.workload(workload).lower()} {', '.join(each)}")
    if said:
        same = len({frozenset(stacks) for stacks in ahead}) == 1
        names = listed(_label(stack, data) for stack in ahead[0])
        found = names if same else "depends on the workload"
        yield Answer(question, found, f"{text}{'; '.join(said)}.", "size")


def answered(data: Data) -> list[Answer]:
    """Return the questions that this run's data can answer, in the order of interest."""
    makers = (_speed, _faults, _guarantees, _happy_path, _cpu)
    return [answer for make in makers for answer in make(data)]
