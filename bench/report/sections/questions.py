"""The questions of most readers, each with a sentence of numbers and a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from bench.analysis.comparisons import of_kind
from bench.analysis.ranking import races
from bench.analysis.recovery import VARIANTS, measured, of_one_promise
from bench.analysis.recovery_rows import Recovery
from bench.analysis.rows import Estimate, grouped, of_most_alike
from bench.analysis.stats import Verdict
from bench.contract.alike import Kind, headline_cells, stack_order
from bench.contract.rows import ProgramRow, case_named
from bench.measure.recovery import BROKEN, KEPT, REPORTED, VERDICTS, ContractVerdict
from bench.report import sentences, words
from bench.report.charts.costs import sizes
from bench.report.charts.findings import best_of_each, front, listed
from bench.report.model import Answer, Data
from bench.report.sections import faster, levels, losses
from bench.report.sections.paired import declared_cases, opponent, second, stands
from bench.run.plan import SMALL_BYTES

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
"""The words for a worst verdict, of one stack and of several."""
RIVAL, SHARED = "http", "shared"
GUARANTEED, RESILIENT = "L2", "resilient"
DEADLINE = (
    "A request of a resilient program has a deadline: what outlasts it is reported, where "
    "a minimal one goes on waiting."
)
IN_PYTHON = " (programs in Python)"
UNDECIDED = "the data cannot tell"


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


def _spoken(languages: Iterable[str]) -> str:
    """Return " (programs in Python)" if an answer is about those alone, else ''."""
    every = {language.startswith(words.PYTHON) for language in languages}
    return IN_PYTHON if every == {True} else ""


def _speed(data: Data) -> Iterator[Answer]:
    """Yield which declared program is fastest in each workload.

    A variant that leads by chance would win if every variant could. So only programs take
    part that a comparison declared before the run.
    """
    pairs = of_kind(data.compared, Kind.DECLARED)
    declared = {(pair.a.name, case.key) for pair in pairs for case in (pair.a, pair.b)}
    rows = [row for row in data.estimates if (row.case.name, row.case.key) in declared]
    for (workload, quantity), question in ASKED.items():
        names = [
            pair.a.name
            for pair in pairs
            if (pair.a.workload, pair.a.quantity) == (workload, quantity)
        ]
        raced = races(rows, data.compared, dict.fromkeys(names))
        if raced:
            case = raced[0].leader.case
            said = f"{words.size(case.size_bytes)} over {case.transport}: "
            said += "; ".join(sentences.race(race, data.stacks) for race in raced)
            fronts = [
                (f"on {words.PLACEMENTS_SHORT[race.placement]}", front(race))
                for race in raced
            ]
            ran = [r.row for race in raced for r in race.rivals]
            ran += [race.leader for race in raced]
            spoken = _spoken(row.case.language for row in ran)
            found = f"{_ahead(fronts, data)}{spoken}"
            yield Answer(question, found, f"{said}.", quantity)


def _cpu(data: Data) -> Iterator[Answer]:
    mine = [
        row
        for row in data.estimates
        if row.measure == "cpu"
        and (row.case.quantity, row.case.placement) == ("throughput", "shared")
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
        ahead.append((f"in {words.workload(workload).lower()}", first))
        each = ", ".join(_cpu_of(row, data) for row in best)
        said.append(f"{words.workload(workload).lower()} {each}")
    if said:
        found = f"{_ahead(ahead, data)}{IN_PYTHON}"
        text = f"Microseconds a message on one CPU: {'; '.join(said)}."
        yield Answer("Which takes least CPU time?", found, text, "cost")


def _cpu_of(row: Estimate, data: Data) -> str:
    name, value = words.cell(row.case, data.stacks), words.number(row.value)
    if math.isnan(row.low):
        return f"{name} {value}"
    ends = (words.number(end, row.value) for end in (row.low, row.high))
    return f"{name} {value} ({' to '.join(ends)})"


def _faults(data: Data) -> Iterator[Answer]:
    shown = of_one_promise(measured(data.recoveries))
    for question, faults in FAULTS.items():
        mine = [row for row in shown if row.fault.name in faults]
        by_variant = grouped(mine, lambda row: row.case.variant)
        rows = {name: by_variant[name] for name in VARIANTS if name in by_variant}
        variants = list(rows)
        if not variants:
            continue
        found = "; ".join(f"{name}: {_worst(rows[name], data)}" for name in variants)
        found = found[:1].upper() + found[1:]
        found += _spoken(r.case.language for same in rows.values() for r in same)
        counted = "; ".join(f"{name}, {_counts(rows[name], data)}" for name in variants)
        trials = words.block_counts([r.repeats for same in rows.values() for r in same])
        said = f"Cases of one promise, each the worst of {trials} trials, that keep it: "
        late = any(
            row.verdict == REPORTED and row.case.workload == "request_reply"
            for row in rows.get(RESILIENT, ())
        )
        why = f" {DEADLINE}" if late else ""
        yield Answer(question, found, f"{said}{counted}.{why}", "failures")


def _by_stack(rows: Sequence[Recovery]) -> dict[str, list[ContractVerdict]]:
    """Return the verdicts on each stack, in the order of stacks."""
    found = grouped(rows, lambda row: row.case.stack)
    return {
        stack: [row.verdict for row in found[stack] if row.verdict]
        for stack in sorted(found, key=stack_order)
    }


def _counts(rows: Sequence[Recovery], data: Data) -> str:
    return ", ".join(
        f"{words.stack(stack, data.stacks)} {found.count(KEPT)} of {len(found)}"
        for stack, found in _by_stack(rows).items()
    )


def _worst(rows: Sequence[Recovery], data: Data) -> str:
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
    known = [row for row in data.levels if row.program.cell in counted]
    question = "Which is shortest at equal guarantees?"
    text = (
        f"Statements of the shortest program at level {GUARANTEED}, which survives every "
        "fault of a fixed list and loses, doubles and answers wrongly nothing: "
    )
    resilient = [row for row in known if row.program.variant == RESILIENT]
    # A program that was not put to all of them may be as good: then none is the shortest.
    left_open = {row.program.workload for row in resilient if levels.is_open(row)}
    safe = [
        row
        for row in known
        if row.level == GUARANTEED and row.program.workload not in left_open
    ]
    rows = [Counted(row.program, counted[row.program.cell]) for row in safe]
    for row in (row for row in safe if row.beside):
        name = words.cell(row.program, data.stacks)
        where, fault = words.workload(row.program.workload).lower(), ", ".join(row.beside)
        text = f"{name} in {where} breaks under {fault}, which is on no list. {text}"
    if left_open:
        names = [name.lower() for key, name in words.WORKLOADS.items() if key in left_open]
        untried = (
            f"This run did not try every fault of level {GUARANTEED} in {listed(names)}."
        )
        if not rows:
            yield Answer(question, "Not tested.", untried, "size")
        text = f"{untried} {text}"
    short = [
        f"{words.cell(row.program, data.stacks)} in "
        f"{words.workload(row.program.workload).lower()}, at {row.level} ({row.amiss})"
        for row in resilient
        if levels.held_back(row) and row.program.workload not in left_open
    ]
    left_out = f"; left out: {'; '.join(short)}" if short else ""
    yield from _shortest(rows, question, text, data, left_out)


def _happy_path(data: Data) -> Iterator[Answer]:
    counted = [row for row in sizes(data.run) if not row.program.floor]
    heads: list[Counted] = []
    for mine in grouped(counted, lambda row: row.program.workload).values():
        standing = headline_cells(row.program for row in of_most_alike(mine)).values()
        heads += [
            Counted(row.program, row.counts.statements)
            for program in standing
            for row in mine
            if row.program == program
        ]
    text = "Statements of the program that stands for its stack, library defaults: "
    yield from _shortest(heads, "Which is shortest while nothing fails?", text, data)


class Counted(NamedTuple):
    """A program and how many statements it has."""

    program: ProgramRow
    statements: int


def _shortest(
    rows: Sequence[Counted], question: str, text: str, data: Data, left_out: str = ""
) -> Iterator[Answer]:
    """Yield the shortest program of each workload; ``left_out`` ends the answer."""
    said, ahead, spoken = [], [], list[str]()
    for workload in words.WORKLOADS:
        mine = [row for row in rows if row.program.workload == workload]
        best = best_of_each(mine, lambda row: row.statements)
        if len(best) > 1:
            spoken += [row.program.language for row in best]
            least = best[0].statements
            first = [row.program.stack for row in best if row.statements == least]
            ahead.append((f"in {words.workload(workload).lower()}", first))
            each = (
                f"{words.cell(row.program, data.stacks)} {row.statements}" for row in best
            )
            said.append(f"{words.workload(workload).lower()} {', '.join(each)}")
    if said:
        found = f"{_ahead(ahead, data)}{_spoken(spoken)}{left_out}"
        yield Answer(question, found, f"{text}{'; '.join(said)}.", "size")


def _compared(data: Data) -> Iterator[Answer]:
    """Yield, per workload, the subject against HTTP: its fastest, its best known, in C."""
    for case, pairs in declared_cases(data.entries).items():
        row = case_named(case)
        shown = [p for p in pairs if second(p).stack == RIVAL and stands(p)]
        if row.placement != SHARED or not shown:
            continue
        question = f"{words.workload(row.workload)}: ZeroMQ or HTTP, on one CPU?"
        said = "; ".join(
            f"{pair['labels'][0]} against {opponent(pair)}: {faster.finding(pair)}"
            if pair["verdict"]
            else f"{opponent(pair)}: {faster.apart(pair)}, since {pair['reason']}"
            for pair in shown
        )
        # two programs of ZeroMQ may stand apart from the same one of HTTP
        in_short = dict.fromkeys(
            f"{opponent(pair)}: {faster.short(pair) if pair['verdict'] else 'not compared'}"
            for pair in shown
        )
        text = f"{said}. {faster.COMPILED}"
        yield Answer(question, "; ".join(in_short), text, row.quantity)


def _losses(data: Data) -> Iterator[Answer]:
    compared, lost = losses.compared(data.entries), losses.lost(data.entries)
    if not compared:
        return
    said = "; ".join(losses.in_short(data.entries)) or "in none"
    longer = [one.sentence for one in losses.longer(data.entries)]
    counted = words.plural(len(compared), "comparison")
    found = f"In {len(lost)} of {counted}"
    if all(entry["verdict"] == Verdict.INCONCLUSIVE for entry in compared):
        found = f"Undecided in all {counted}"
    broken = losses.broken(data.recoveries, data.stacks)
    worst = [one.sentence for one in broken if one.variant == RESILIENT]
    text = f"ZeroMQ is slower: {said}. {' '.join([*longer, *worst])}".strip()
    yield Answer("Where does ZeroMQ lose?", found, text, "loses")


def answered(data: Data) -> list[Answer]:
    """Return the questions that this run's data can answer, in the order of interest."""
    makers = (_speed, _compared, _losses, _faults, _guarantees, _happy_path, _cpu)
    return [answer for make in makers for answer in make(data)]
