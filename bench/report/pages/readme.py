"""The first screen of README.md: rendered from numbers.json, never typed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.contract.alike import Kind, stack_order
from bench.contract.rows import case_named
from bench.measure.recovery import BROKEN, KEPT
from bench.report import words
from bench.report.entries import program_at
from bench.report.numbers.citation import load_numbers, mark, spelled
from bench.report.pages.declared import FILE as COMPARISONS
from bench.report.pages.declared import cautions, source
from bench.report.pages.marked import markers, replaced
from bench.report.sections import claims, losses, over_machines
from bench.report.sections.paired import declared_cases, opponent, stands
from bench.report.sections.survival import verdicts
from bench.report.talk_claims.judge import judge, read_claims
from bench.run.archive import write_whole

NAME = "numbers"
BEGIN, END = markers(NAME)
HERO = "reports/figures/hero.svg"
SHARED = "shared"
MADE_ALIKE = ("buffered", "lossless")
"""Variants of sockets and HTTP that keep the promises of ZeroMQ's program."""
SHORT = "minimal"
STRUCK = {SHORT: "short programs", "resilient": "resilient programs"}
"""The variants whose failures README counts, and what it calls them."""
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
        f"![How far behind the fastest each stack is, with its statements]({HERO})",
        "",
        *_table(["on one CPU", "ZeroMQ compared with", "who is faster"], speed),
        *_table(
            ["", *labels],
            [
                [name, *(by.get(s, words.PASSED_OVER) for s in stacks)]
                for name, by in counts
            ],
        ),
        f"{losses.counted(entries)} {judged}",
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
    """Yield how many faults the programs of each stack survive, and how many break them."""
    found = verdicts(entries)
    for variant, programs in STRUCK.items():
        if by := found.get(variant):
            yield (
                f"faults that {programs} survive",
                {
                    stack: f"{counts[KEPT]} of {counts.total()}, {counts[BROKEN]} broken"
                    for stack, counts in by.items()
                },
            )


def _code(entries: Sequence[Entry]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the statements of the short programs of each stack."""
    cases = [f"{workload}.size.statements" for workload in words.WORKLOADS]
    sizes = {
        (entry["case"], program_at(entry["cells"][0]).stack): str(entry["value"])
        for entry in entries
        if entry["case"] in cases and _is_short(entry)
    }
    if sizes:
        names = ", ".join(words.workload(name).lower() for name in words.WORKLOADS)
        yield (
            f"statements of short programs: {names}",
            {
                stack: ", ".join(
                    sizes.get((case, stack), words.PASSED_OVER) for case in cases
                )
                for stack in {stack for _, stack in sizes}
            },
        )


def _is_short(entry: Entry) -> bool:
    row = program_at(entry["cells"][0])
    return (row.variant, row.language) == (SHORT, words.PYTHON)


def _example(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield how a number stands in a text with its id."""
    for entry in entries:
        if str(entry["case"]).endswith(".size.statements") and _is_short(entry):
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
