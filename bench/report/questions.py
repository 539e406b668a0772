"""What most readers ask, each answered by one sentence with its numbers and a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from bench.charts import words
from bench.charts.costs import size_table
from bench.charts.findings import best_of_each, front, listed
from bench.comparisons import headline_cells, of_kind, stack_order
from bench.estimates import headline_measure
from bench.frames import records
from bench.leaders import Race, Rival, races
from bench.measure.recovery import BROKEN, KEPT, REPORTED, VERDICTS
from bench.plan import SMALL_BYTES
from bench.recoveries import TIERS, measured
from bench.report import levels, sentences
from bench.report.model import Answer, Data

ASKED = {
    ("request_reply", "latency"): "Which is fastest for small requests?",
    ("fan_out", "throughput"): "Which delivers most to several subscribers?",
    ("pipeline", "throughput"): "Which hands most tasks to workers?",
}
FAULTS = {
    "Which survives a killed server?": ("server_killed", "server_killed_busy"),
    "Which survives a link that is cut for seconds?": ("link_cut_4s",),
    "Which survives a program that hangs?": ("application_hung",),
}
DO = {
    KEPT: ("keeps its contract", "keep theirs"),
    REPORTED: ("reports trouble", "report trouble"),
    BROKEN: ("breaks its contract", "break theirs"),
}
"""What one stack does by its worst verdict, and what several do."""
GUARANTEED, RESILIENT = "L2", "resilient"
DEADLINE = (
    "A request of a resilient program has a deadline: what outlasts it is reported, where "
    "a minimal one goes on waiting."
)
UNDECIDED = "the data cannot tell"


def _rival(rival: Rival, data: Data, *, first: bool) -> str:
    """Return "ZeroMQ (minimal) takes 1.30 times as long (interval; blocks: slower)"."""
    times = f"{words.number(rival.ratio)} times"
    longer = f"takes {times} as long" if first else times
    name = f"{words.cell(rival.row, data.stacks)} {longer}"
    if not rival.verdict:
        return f"{name} (by medians, not compared)"
    bounds = words.interval(
        rival.ratio, rival.low, rival.high, rival.confidence, rival.blocks_done
    )
    return f"{name} ({bounds}: {sentences.VERDICTS[rival.verdict].split(':')[0]})"


def _race(race: Race, data: Data) -> str:
    where = words.PLACEMENTS_SHORT[race.placement]
    value = words.measured(float(race.leader["value"]), str(race.leader["unit"]))
    leader = f"{words.cell(race.leader, data.stacks)} with {value}"
    behind = [_rival(r, data, first=not n) for n, r in enumerate(race.rivals)]
    return f"on {where} {', '.join([leader, *behind])}"


def _ahead(found: Sequence[tuple[str, Sequence[str]]], data: Data) -> str:
    """Return who is ahead where: "A", or "A in request/reply, A or B in pipeline".

    ``found`` are places with the stacks that nothing there tells from the first.
    """
    where: dict[str, list[str]] = {}
    for place, stacks in found:
        known = (words.stack(s, data.stacks) for s in sorted(stacks, key=stack_order))
        where.setdefault(" or ".join(known), []).append(place)
    if len(where) == 1:
        (names,) = where
        return f"{names}: {UNDECIDED}" if len(found[0][1]) > 1 else names
    return ", ".join(f"{names} {listed(places)}" for names, places in where.items())


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
            said += "; ".join(_race(race, data) for race in raced)
            fronts = [
                (f"on {words.PLACEMENTS_SHORT[race.placement]}", front(race))
                for race in raced
            ]
            yield Answer(question, _ahead(fronts, data), f"{said}.", quantity)


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
        first = [r["stack"] for r in best if r is best[0] or not _apart(r, best[0])]
        ahead.append((f"in {words.workload(workload).lower()}", first))
        each = ", ".join(_cpu_of(dict(row), data) for row in best)
        said.append(f"{words.workload(workload).lower()} {each}")
    if said:
        found = _ahead(ahead, data)
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


def _faults(data: Data) -> Iterator[Answer]:
    shown = measured(data.recoveries)
    if shown.empty:
        return
    for question, faults in FAULTS.items():
        mine = shown[shown["fault"].isin(faults) & shown["variant"].isin(TIERS)]
        tiers = [tier for tier in TIERS if (mine["variant"] == tier).any()]
        if not tiers:
            continue
        rows = {tier: records(mine[mine["variant"] == tier]) for tier in tiers}
        found = "; ".join(f"{tier}: {_worst(rows[tier], data)}" for tier in tiers)
        found = found[:1].upper() + found[1:]
        counted = "; ".join(f"{tier}, {_counts(rows[tier], data)}" for tier in tiers)
        trials = words.block_counts([int(n) for n in mine["repeats"]])
        said = f"Cases in which the contract is kept, each the worst of {trials} trials: "
        late = any(
            row["verdict"] == REPORTED and row["workload"] == "request_reply"
            for row in rows.get(RESILIENT, ())
        )
        why = f" {DEADLINE}" if late else ""
        yield Answer(question, found, f"{said}{counted}.{why}", "failures")


def _by_stack(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return the verdicts on each stack, in the order of stacks."""
    stacks = sorted({row["stack"] for row in rows}, key=stack_order)
    return {s: [row["verdict"] for row in rows if row["stack"] == s] for s in stacks}


def _counts(rows: list[dict[str, Any]], data: Data) -> str:
    return ", ".join(
        f"{words.stack(stack, data.stacks)} {found.count(KEPT)} of {len(found)}"
        for stack, found in _by_stack(rows).items()
    )


def _worst(rows: list[dict[str, Any]], data: Data) -> str:
    """Return "A and B keep theirs, C reports trouble": what each does at its worst."""
    whom: dict[str, list[str]] = {}
    for stack, found in _by_stack(rows).items():
        worst = max(found, key=VERDICTS.index)
        whom.setdefault(worst, []).append(words.stack(stack, data.stacks))
    total = sum(len(names) for names in whom.values())
    said = []
    for verdict in (v for v in VERDICTS if v in whom):
        names = whom[verdict]
        several = len(names) > 1
        who = "all" if several and len(names) == total else listed(names)
        said.append(f"{who} {DO[verdict][several]}")
    return ", ".join(said)


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
            first = [str(r["stack"]) for r in best if r["statements"] == least]
            ahead.append((f"in {words.workload(workload).lower()}", first))
            each = (f"{words.cell(row, data.stacks)} {row['statements']}" for row in best)
            said.append(f"{words.workload(workload).lower()} {', '.join(each)}")
    if said:
        yield Answer(question, _ahead(ahead, data), f"{text}{'; '.join(said)}.", "size")


def answered(data: Data) -> list[Answer]:
    """Return the questions that this run's data can answer, in the order of interest."""
    makers = (_speed, _faults, _guarantees, _happy_path, _cpu)
    return [answer for make in makers for answer in make(data)]
