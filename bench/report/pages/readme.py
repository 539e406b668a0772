"""The first screen of README.md: rendered from numbers.json, never typed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.contract.alike import Kind, headline_cells, most_alike, stack_order
from bench.contract.rows import case_named
from bench.measure.recovery import BROKEN, KEPT, REPORTED
from bench.report import words
from bench.report.charts.findings import listed
from bench.report.entries import program_at
from bench.report.numbers.citation import load_numbers, mark, spelled
from bench.report.pages.declared import FILE as COMPARISONS
from bench.report.pages.declared import cautions, source
from bench.report.pages.marked import markers, replaced
from bench.report.sections import claims, losses, over_machines
from bench.report.sections.paired import declared_cases, opponent, stands
from bench.report.sections.survival import verdicts
from bench.report.talk_claims.judge import judge, read_claims
from bench.report.talk_claims.likes import promise
from bench.run.archive import write_whole

NAME = "numbers"
BEGIN, END = markers(NAME)
HERO = "reports/figures/hero.svg"
SHARED = "shared"
MADE_ALIKE = ("buffered", "lossless")
"""Variants of sockets and HTTP that keep the promises of ZeroMQ's program."""
MINIMAL = "minimal"
STRUCK = (MINIMAL, "resilient")
"""The variants whose failures README counts."""
Entry = Mapping[str, Any]


def block(entries: Sequence[Entry]) -> str:
    """Return the text between the markers: a chart, two tables, and their source."""
    speed, counts = [*_speed(entries)], [*_failures(entries), *_code(entries)]
    if not speed:
        return "No run has compared the headline cases yet."
    stacks = sorted({stack for _, by in counts for stack in by}, key=stack_order)
    labels = [words.stack_of(_label(entries, stack)) for stack in stacks]
    judged = claims.in_short(judge(read_claims(), entries), f"reports/{claims.PAGE}")
    lines = [
        f"![How far each stack's declared program is behind the fastest]({HERO})",
        "",
        *_table(["on one CPU", "ZeroMQ compared with", "who is faster"], speed),
        *_table(
            ["", *labels],
            [
                [name, *(by.get(s, words.PASSED_OVER) for s in stacks)]
                for name, by in counts
            ],
        ),
        f"{losses.counted(entries)} {_of_machine(entries)}{judged}",
        f"[{COMPARISONS}](reports/{COMPARISONS}) has every comparison with its interval.",
        *cautions(entries),
        "",
        " ".join([source(entries), *time_words(entries)]),
        "",
        *_example(entries),
    ]
    return "\n".join(lines)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of a table in Markdown, and an empty line; nothing without rows."""
    if every := [*rows]:
        yield f"| {' | '.join(heads)} |"
        yield "|" + " --- |" * len(heads)
        yield from (f"| {' | '.join(row)} |" for row in every)
        yield ""


def _label(entries: Iterable[Entry], stack: str) -> str:
    return next(
        str(entry["labels"][0])
        for entry in entries
        if entry["cells"] and program_at(entry["cells"][0]).stack == stack
    )


def _speed(entries: Sequence[Entry]) -> Iterator[list[str]]:
    """Yield a row for each stand-out pair of each workload on one CPU."""
    for name, pairs in declared_cases(entries).items():
        case = case_named(name)
        if case.placement == SHARED:
            about = words.workload(case.workload)
            for pair in filter(_is_shown, pairs):
                yield [about, opponent(pair), over_machines.short(pair)]
                about = ""


def _is_shown(pair: Entry) -> bool:
    """Say whether a pair is of programs in Python that promise the same, and stands out."""
    rows = [program_at(cell) for cell in pair["cells"]]
    return (
        pair["kind"] != Kind.APART
        and all(row.language == words.PYTHON for row in rows)
        and (stands(pair) or rows[1].variant in MADE_ALIKE)
    )


def _failures(entries: Sequence[Entry]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what the programs of each stack did under faults, each once per fault."""
    found = verdicts(entries)
    for variant in STRUCK:
        if by := found.get(variant):
            name = f"{variant} programs under faults, each once for each fault"
            yield name, {stack: _ended(counts) for stack, counts in by.items()}


def _ended(counts: Counter[str]) -> str:
    """Return "6 of 17 survived, 10 broke, 1 reported trouble"."""
    said = [f"{counts[KEPT]} of {counts.total()} survived"]
    said += [f"{counts[BROKEN]} broke"] if counts[BROKEN] else []
    said += [f"{counts[REPORTED]} reported trouble"] if counts[REPORTED] else []
    return ", ".join(said)


def _of_machine(entries: Sequence[Entry]) -> str:
    """Return which machine a count of verdicts is about, '' where there is only one."""
    rows = [row for entry in entries for row in entry.get("machines", ())]
    leading = {str(entry["run"]) for entry in entries if entry.get("machines")}
    cpus = dict.fromkeys(row["cpu"] for row in rows if row["run"] in leading)
    if len({row["run"] for row in rows}) < 2:
        return ""
    return f"These verdicts are those of {listed(map(over_machines.cpu, cpus))} alone. "


def _code(entries: Sequence[Entry]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the statements of the program that stands for each stack."""
    cases = [f"{workload}.size.statements" for workload in words.WORKLOADS]
    sizes = {
        (case, stack): str(entry["value"])
        for case in cases
        for stack, entry in _standing(e for e in entries if e["case"] == case).items()
    }
    if sizes:
        names = ", ".join(words.workload(name).lower() for name in words.WORKLOADS)
        yield (
            f"statements while nothing fails: {names}",
            {
                stack: ", ".join(
                    sizes.get((case, stack), words.PASSED_OVER) for case in cases
                )
                for stack in {stack for _, stack in sizes}
            },
        )


def _standing(sizes: Iterable[Entry]) -> dict[str, Entry]:
    """Return the entry of the program in Python that stands for each stack, of one count.

    That is the minimal program, unless it promises less than those of the other stacks.
    """
    known = {
        replace(program_at(entry["cells"][0]), promise=", ".join(promise(entry))): entry
        for entry in sizes
    }
    rows = [row for row in most_alike(known) if row.language == words.PYTHON]
    return {stack: known[row] for stack, row in headline_cells(rows).items()}


def _is_minimal(entry: Entry) -> bool:
    row = program_at(entry["cells"][0])
    return (row.variant, row.language) == (MINIMAL, words.PYTHON)


def _example(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield how a number stands in a text with its id."""
    for entry in entries:
        if str(entry["case"]).endswith(".size.statements") and _is_minimal(entry):
            cited = f"{spelled(entry)} [{mark(entry)}]"
            yield f"To cite a number, write its id behind it: {cited}."
            return


def time_words(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield how long the run took, if it kept its times."""
    took = {str(e["id"]): float(e["value"]) for e in entries if e["kind"] == "time"}
    if took:
        yield f"It took {took['run.time.whole']:.0f} minutes, without installation."


def render(readme: Path, numbers: Path) -> str:
    """Return README's text with its block rendered from the numbers.

    Raises UsageError if README lacks the markers.
    """
    return replaced(readme, NAME, block(load_numbers(numbers)))


def stale(readme: Path, numbers: Path) -> bool:
    """Return whether rendering README again would change it."""
    return render(readme, numbers) != readme.read_text(encoding="utf-8")


def update(readme: Path, numbers: Path) -> None:
    """Render README's block again; a README without the markers stays as it is."""
    if readme.exists() and BEGIN in readme.read_text(encoding="utf-8"):
        write_whole(readme, render(readme, numbers))
