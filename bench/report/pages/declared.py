"""COMPARISONS.md: every declared comparison and every level, from numbers.json.

Its last lines are the ids of its numbers. A published number stays: rendering the page anew
fails if one of them is gone, unless it is retired with a reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.contract.alike import VERBS, Kind
from bench.contract.rows import CaseRow, case_named
from bench.errors import UsageError
from bench.report import ratio, words
from bench.report.entries import program_at
from bench.report.numbers.citation import load_numbers
from bench.report.sections import losses, over_machines
from bench.report.sections.levels import MAY_LOSE
from bench.report.sections.paired import declared_cases, opponent
from bench.report.talk_claims.retired import FILE as RETIRED
from bench.report.talk_claims.retired import missing
from bench.run.archive import write_whole

FILE = "COMPARISONS.md"
CHARTS = {
    "split": "Ratios of times, driver and peers on separate CPUs",
    "shared": "Ratios of times, everything on one CPU",
}
FOLDER = "figures"
FIRST = "minimal"
Entry = Mapping[str, Any]
Standing = tuple[int, str]
"""The level of a program, and its text in the table."""
CITES = "<!-- cites:"
"""The ids of all numbers on the page follow this: none may go unless retired."""


def _found(pair: Entry | None) -> str:
    if pair is None:
        return words.PASSED_OVER
    if pair["kind"] == Kind.APART:
        return ratio.apart(pair)
    return over_machines.finding(pair)


def _rows(entries: Sequence[Entry]) -> Iterator[list[str]]:
    """Yield a heading row for each program, and below it a row for each opponent."""
    found: dict[tuple[CaseRow, str], dict[str, dict[str, Entry]]] = {}
    for name, pairs in declared_cases(entries).items():
        case = case_named(name)
        heading = replace(case, name="", placement="")
        for pair in pairs:
            opponents = found.setdefault((heading, pair["labels"][0]), {})
            opponents.setdefault(opponent(pair), {})[case.placement] = pair
    for (heading, first), opponents in found.items():
        yield [f"**{_name(heading)}: {first} compared with**", *("" for _ in CHARTS)]
        for name, placed in opponents.items():
            yield [name, *(_found(placed.get(place)) for place in CHARTS)]


def unlike(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield why pairs of the table are not compared."""
    reasons = [
        str(pair["reason"])
        for pairs in declared_cases(entries).values()
        for pair in pairs
        if pair["kind"] == Kind.APART
    ]
    verbs = [verb for verb in VERBS.values() if any(verb in why for why in reasons)]
    if verbs:
        yield (
            f"*Not compared*: only one of the two {' or '.join(verbs)}. Or both may lose "
            "messages: then the rate depends on how much each may queue."
        )
        yield ""


def _unmeasured(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield what a dash in the table means, if it has one."""
    if any(words.PASSED_OVER in row for row in rows):
        yield f"{words.PASSED_OVER}: not measured in this placement."
        yield ""


def cautions(entries: Sequence[Entry]) -> list[str]:
    """Return the caution that all numbers of a run need, if its A/A check failed."""
    found = [entry.get("caution") for entry in entries if entry["kind"] == "noise"]
    return [str(caution) for caution in found if caution]


def _undecided(entries: Sequence[Entry]) -> str:
    """Return when a difference is undecided, and the caution that the run needs."""
    said = (
        "A program is *faster* if the whole interval lies more than 5 % from 1, and "
        "*equivalent* if it lies within 5 %. Otherwise the difference is *undecided*."
    )
    return " ".join([said, *cautions(entries)])


def _name(case: CaseRow) -> str:
    return f"{words.workload(case.workload)}, {words.quantity(case)}"


def name_of(case: str) -> str:
    row = case_named(case)
    placed = words.PLACEMENTS_SHORT.get(row.placement, row.placement)
    return ", ".join([_name(row), placed, *([words.load(row.load)] if row.load else [])])


def levels_table(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the lines of the table of levels, with the size of each program."""
    found = [entry for entry in entries if entry["kind"] == "level"]
    if not found:
        return
    sizes = {entry["id"]: entry["value"] for entry in entries if entry["kind"] == "size"}
    stacks: dict[str, str] = {}
    table: dict[tuple[str, str], dict[str, Standing]] = {}
    for entry in found:
        program = program_at(entry["cells"][0])
        stacks[program.stack] = words.stack_of(entry["labels"][0])
        size = sizes.get(size_of(entry))
        written = f" ({size} statements)" if size else ""
        row = table.setdefault((program.workload, program.variant), {})
        row[program.stack] = entry["value"], f"{entry['short']}{written}"
    yield f"![Outcome of each fault, by stack and variant]({FOLDER}/failures.svg)"
    yield ""
    yield (
        "Which failures each program survives, and how many statements it takes. L0 works "
        "while nothing fails. L1 survives a restart of its server, but may lose messages. "
        "L2 survives every fault of [a fixed list](../docs/failures.md#levels), without "
        "lost, repeated or wrong messages. L2 has two exceptions. Under a fault that "
        "outlasts the deadline, a request may be reported as failed. A killed process "
        "loses the messages that it had accepted. *Loses*: the restart did cost messages. "
        "*May lose*: the program drops messages for a slow subscriber. *Same as minimal*: "
        "the minimal program already reaches this level. *Except*: the program breaks "
        "under this fault, which is [on no list](../docs/failures.md#refused-by-icmp). "
        "A fault behind a level keeps the program from the next one."
    )
    yield ""
    yield f"| | {' | '.join(stacks.values())} |"
    yield "|" + " --- |" * (1 + len(stacks))
    for (workload, variant), row in table.items():
        minimal = table.get((workload, FIRST), {})
        least = min(level for level, _ in row.values())
        cells = [
            row[stack][1] if stack in row else _absent(variant, least, minimal.get(stack))
            for stack in stacks
        ]
        yield f"| {words.workload(workload)}, {variant} | {' | '.join(cells)} |"
    yield ""


def _absent(variant: str, least: int, minimal: Standing | None) -> str:
    """Return the text for a variant that a stack lacks: its minimal may be as good."""
    if minimal is None:
        return words.PASSED_OVER
    level, said = minimal
    as_promised = variant in ("lossless", "lossy") and MAY_LOSE not in said
    return f"(same as {FIRST})" if level >= least or as_promised else words.PASSED_OVER


def cited(entries: Sequence[Entry]) -> list[str]:
    """Return the ids of all numbers in the block, in its order."""
    compared = [pair["id"] for pairs in declared_cases(entries).values() for pair in pairs]
    levels = [entry for entry in entries if entry["kind"] == "level"]
    sizes = {entry["id"] for entry in entries if entry["kind"] == "size"}
    written = [name for name in map(size_of, levels) if name in sizes]
    return [*compared, *(entry["id"] for entry in levels), *written]


def size_of(level: Entry) -> str:
    """Return the id of the size of a program, from the entry of its level."""
    return str(level["id"]).replace(".level.", ".size.statements.")


def refuse_lost(page: Path, entries: Sequence[Entry]) -> None:
    """Raise UsageError if a page, as it was, cites a number that the entries lack.

    Numbers may go if they are retired in ``bench/report/talk_claims/retired.toml``, with
    the reason.
    """
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    if CITES not in before:
        return
    names = before.split(CITES, 1)[1].split("-->", 1)[0].split()
    lost = missing(names, {entry["id"] for entry in entries})
    if lost:
        raise UsageError(
            f"{page} cites {words.plural(len(lost), 'number')} that this run lacks, the "
            f"first {lost[0]}; measure it, or retire it in {RETIRED.name} with the reason"
        )


def losing(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield how ZeroMQ's comparisons ended, and a line for each program it loses to."""
    counted = losses.counted(entries)
    if not losses.lost(entries):
        yield counted
        return
    yield f"{counted} It loses:"
    yield ""
    yield from (f"* {clause}" for clause in losses.in_short(entries))


def text(entries: Sequence[Entry]) -> str:
    """Return the page: charts, tables, their source, and the ids of its numbers."""
    lines = ["# Every declared comparison, and every level", ""]
    rows = list(_rows(entries))
    if not rows:
        return "\n".join([*lines, "No run has compared the headline cases yet.", ""])
    placed = [words.PLACEMENTS_SHORT[name] for name in CHARTS]
    lines += [
        *(
            f"![{title}]({FOLDER}/headline_{placement}.svg)"
            for placement, title in CHARTS.items()
            if any(case_named(c).placement == placement for c in declared_cases(entries))
        ),
        "",
        'An entry such as "2.0x faster (1.9\N{EN DASH}2.1)" gives a ratio of times with '
        "its 95 % interval. "
        f"{_undecided(entries)}",
        ratio.COMPILED,
        "",
        f"| | {' | '.join(placed)} |",
        "|" + " --- |" * (1 + len(placed)),
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        *_unmeasured(rows),
        *unlike(entries),
        *losing(entries),
        "",
        *levels_table(entries),
        *over_machines.note(entries),
        source(entries),
        ratio.ONE_MACHINE,
        "",
        CITES,
        *cited(entries),
        "-->",
        "",
    ]
    return "\n".join(lines)


def source(entries: Sequence[Entry]) -> str:
    """Return which run the numbers are of, its date, grade and machine."""
    run = entries[0]
    return (
        f"Run {run['run']}, {run['date']}, grade {run['grade']} (A is quiet, C is noisy). "
        f"{run['machine']}. 64 B over tcp, loopback, one machine."
    )


def update(page: Path, numbers: Path) -> None:
    """Render the page again.

    Raises UsageError if a number that it cites is gone; then it stays as it is.
    """
    entries = load_numbers(numbers)
    refuse_lost(page, entries)
    write_whole(page, text(entries))
