"""The questions about speed, CPU time, and ZeroMQ beside HTTP."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from bench.analysis.estimates import estimates
from bench.analysis.ranking import Race
from bench.analysis.rows import Estimate, of_most_alike
from bench.contract.rows import case_named
from bench.report import ratio, sentences, words
from bench.report.charts.findings import best_of_each, front, listed
from bench.report.charts.hero import QUANTITIES, declared_races
from bench.report.model import Answer, Data
from bench.report.sections import over_machines, undeclared
from bench.report.sections.leading import IN_PYTHON, Led, leaders, of_languages
from bench.report.sections.paired import declared_cases, opponent, second, stands
from bench.run.plan import SMALL_BYTES

ASKED = {
    "request_reply": "Which is fastest for small requests?",
    "fan_out": "Which delivers most to several subscribers?",
    "pipeline": "Which hands most tasks to workers?",
}
RIVAL, SHARED = "http", "shared"


def fastest(data: Data) -> Iterator[Answer]:
    """Yield which declared program is fastest in each workload, on each machine."""
    beside = [(estimates(side.run), side.compared) for side in data.beside]
    for workload, question in ASKED.items():
        raced = declared_races(data.estimates, data.compared, workload)
        if raced:
            quantity = QUANTITIES[workload]
            case = raced[0].leader.case
            said = f"{words.size(case.size_bytes)} over {case.transport}: "
            said += "; ".join(sentences.race(race, data.stacks) for race in raced)
            found = [_found(raced, data)]
            found += [_found(declared_races(*each, workload), data) for each in beside]
            ran = [r.row for race in raced for r in race.rivals]
            ran += [race.leader for race in raced]
            spoken = of_languages(row.case.language for row in ran)
            sides = (data.side, *data.beside)
            machines = [over_machines.cpu(side.about["machine"]["cpu"]) for side in sides]
            if beside:
                said = f"{machines[0]}, {said}"
            shown = on_each(dict(zip(machines, found, strict=True)))
            more = "".join(f" {one}" for one in undeclared.sentences(data, workload))
            text = f"Programs declared before the run. {said}.{more}"
            yield Answer(question, f"{shown}{spoken}", text, quantity, workload)


def _found(raced: Sequence[Race], data: Data) -> str:
    """Return who leads the races of one machine, '' without any."""
    fronts = [
        Led(
            f"on {words.PLACEMENTS_SHORT[race.placement]}",
            front(race),
            len(race.rivals) + 1,
        )
        for race in raced
    ]
    return leaders(fronts, data) if fronts else ""


def on_each(found: Mapping[str, str]) -> str:
    """Return an answer by machine as one: "A on 2 machines", or "EPYC: A; Xeon: B"."""
    told = {machine: said for machine, said in found.items() if said}
    if len(set(told.values())) > 1:
        return "; ".join(f"{machine}: {said}" for machine, said in told.items())
    where = f" on {words.plural(len(told), 'machine')}" if len(found) > 1 else ""
    return f"{next(iter(told.values()))}{where}"


def least_cpu(data: Data) -> Iterator[Answer]:
    """Yield which program takes least CPU time, in the quantity of each workload.

    Request/reply has more programs in its round trips than in its throughput.
    """
    mine = [
        row
        for row in data.estimates
        if row.measure == "cpu"
        and row.case.quantity == QUANTITIES[row.case.workload]
        and row.case.placement == SHARED
        and (row.case.size_bytes, row.case.transport) == (SMALL_BYTES, "tcp")
        and row.case.language == words.PYTHON
        and not (row.case.copy or row.case.floor)
    ]
    said, ahead = [], []
    for workload in words.WORKLOADS:
        rows = of_most_alike(row for row in mine if row.case.workload == workload)
        best = best_of_each(rows, lambda row: row.value)
        if len(best) < 2:
            continue
        level = [row for row in best if row is best[0] or not row.low > best[0].high]
        first = [row.case.stack for row in level]
        ahead.append(Led(f"in {words.workload(workload).lower()}", first, len(best)))
        each = ", ".join(_cpu_of(row, data) for row in best)
        said.append(f"{words.workload(workload).lower()} {each}")
    if said:
        found = f"{leaders(ahead, data)}{IN_PYTHON}"
        text = (
            "Microseconds a message on one CPU, in request/reply a round trip, of each "
            "stack's program that takes least, declared or not: "
            f"{'; '.join(said)}.{_without_cpu(mine, data)}"
        )
        yield Answer("Which takes least CPU time?", found, text, "cost")


def _without_cpu(mine: Sequence[Estimate], data: Data) -> str:
    """Return which programs were timed somewhere and have no CPU time here, '' of none."""
    known = {(row.case.workload, row.case.key) for row in mine}
    asked = {workload for workload, _ in known}
    lacking = {
        f"{data.cell(case)} in {words.workload(case.workload).lower()}"
        for case in data.run.cases.values()
        if case.workload in asked
        and case.quantity in QUANTITIES.values()
        and (case.size_bytes, case.transport) == (SMALL_BYTES, "tcp")
        and case.language == words.PYTHON
        and not (case.copy or case.floor)
        and (case.workload, case.key) not in known
    }
    return f" Not measured so: {listed(sorted(lacking))}." if lacking else ""


def _cpu_of(row: Estimate, data: Data) -> str:
    name, value = data.cell(row.case), words.number(row.value)
    ends = "" if math.isnan(row.low) else f" ({words.bounds(row.low, row.high, row.value)})"
    return f"{name} {value}{ends}"


def beside_http(data: Data) -> Iterator[Answer]:
    """Yield, per workload, the subject against HTTP: its fastest, its best known, in C."""
    for case, pairs in declared_cases(data.entries).items():
        row = case_named(case)
        shown = [p for p in pairs if second(p).stack == RIVAL and stands(p)]
        if row.placement != SHARED or not shown:
            continue
        question = f"{words.workload(row.workload)}: ZeroMQ or HTTP, on one CPU?"
        said = "; ".join(
            f"{pair['labels'][0]} against {opponent(pair)}: {over_machines.finding(pair)}"
            if pair["verdict"]
            else f"{opponent(pair)}: {ratio.apart(pair)}, since {pair['reason']}"
            for pair in shown
        )
        # two programs of ZeroMQ may stand apart from the same one of HTTP
        in_short = dict.fromkeys(
            f"{opponent(p)}: {over_machines.short(p) if p['verdict'] else 'not compared'}"
            for p in shown
        )
        text = f"{said}. {ratio.COMPILED}"
        yield Answer(question, "; ".join(in_short), text, row.quantity, row.workload)
