"""The first screen of README.md: rendered from numbers.json, never typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.contract.alike import Kind, stack_order
from bench.contract.rows import case_named
from bench.errors import UsageError
from bench.measure.recovery import BROKEN, KEPT
from bench.report import words
from bench.report.facets import program_at
from bench.report.numbers.citation import load_numbers
from bench.report.pages.declared import FILE as COMPARISONS
from bench.report.pages.declared import source
from bench.report.sections import claims, losses, over_machines
from bench.report.sections.paired import declared_cases, opponent, stands
from bench.report.sections.survival import verdicts
from bench.report.talk_claims.judge import judge, read_ledger
from bench.run.archive import write_whole

BEGIN, END = "<!-- numbers:begin -->", "<!-- numbers:end -->"
HERO = "reports/figures/hero.svg"
SHARED = "shared"
MADE_ALIKE = ("buffered", "lossless")
"""Variants of sockets and HTTP that keep the promises of ZeroMQ's program."""
SHORT = "minimal"
STRUCK = {SHORT: "short programs", "resilient": "resilient programs"}
"""The variants whose failures README counts, and what it calls them."""
Entry = Mapping[str, Any]


def block(entries: Sequence[Entry]) -> str:
    """Return the text between the markers: a chart, a line a finding, and their source."""
    found = [*_speed(entries), *_failures(entries), *_code(entries)]
    if not found:
        return "No run has compared the headline cases yet."
    judged = claims.in_short(judge(read_ledger(), entries), f"reports/{claims.PAGE}")
    lines = [
        f"![How far behind the fastest each stack is, with its statements]({HERO})",
        "",
        *(f"* {line}" for line in found),
        "",
        f"{losses.counted(entries)} {judged}",
        f"[{COMPARISONS}](reports/{COMPARISONS}) has every comparison with its interval.",
        "",
        " ".join([source(entries), *time_words(entries)]),
    ]
    return "\n".join(lines)


def _speed(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield who is faster in each workload on one CPU, a line a workload."""
    for name, pairs in declared_cases(entries).items():
        case = case_named(name)
        shown = [pair for pair in pairs if _is_shown(pair)]
        if case.placement == SHARED and shown:
            about = f"{words.workload(case.workload)} on one CPU"
            found = (f"{opponent(pair)}: {over_machines.short(pair)}" for pair in shown)
            first = shown[0]["labels"][0]
            yield f"**{about}**, {first} compared with {'; '.join(found)}."


def _is_shown(pair: Entry) -> bool:
    """Say whether a pair is of programs in Python that promise the same, and stands out."""
    rows = [program_at(cell) for cell in pair["cells"]]
    return (
        pair["kind"] != Kind.APART
        and all(row.language == words.PYTHON for row in rows)
        and (stands(pair) or rows[1].variant in MADE_ALIKE)
    )


def _failures(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield how many faults the programs of each stack survive, and how many break them."""
    labels = {
        program_at(entry["cells"][0]).stack: words.stack_of(entry["labels"][0])
        for entry in entries
        if entry["kind"] == "recovery"
    }
    found = verdicts(entries)
    for variant, programs in STRUCK.items():
        said = [
            f"{labels[stack]} {counts[KEPT]} of {counts.total()}, {counts[BROKEN]} broken"
            for stack, counts in found.get(variant, {}).items()
        ]
        if said:
            yield f"**Faults that {programs} survive**: {'; '.join(said)}."


def _code(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the statements of the short programs of each stack."""
    cases = [f"{workload}.size.statements" for workload in words.WORKLOADS]
    sizes = {
        (entry["case"], row.stack): entry
        for entry in entries
        if entry["case"] in cases
        and (row := program_at(entry["cells"][0])).variant == SHORT
        and row.language == words.PYTHON
    }
    said = []
    for stack in sorted({stack for _, stack in sizes}, key=stack_order):
        found = [sizes[case, stack] for case in cases if (case, stack) in sizes]
        counts = ", ".join(str(entry["value"]) for entry in found)
        said.append(f"{words.stack_of(found[0]['labels'][0])} {counts}")
    if said:
        names = ", ".join(words.workload(name).lower() for name in words.WORKLOADS)
        yield f"**Statements of short programs** ({names}): {'; '.join(said)}."


def time_words(entries: Sequence[Entry]) -> Iterator[str]:
    """Yield how long the run took, if it kept its times."""
    took = {str(e["id"]): float(e["value"]) for e in entries if e["kind"] == "time"}
    if took:
        yield f"It took {took['run.time.whole']:.0f} minutes, without installation."


def render(readme: Path, numbers: Path) -> str:
    """Return README's text with its block rendered from the numbers.

    Raises UsageError if README lacks the markers.
    """
    text = readme.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text.split(BEGIN, 1)[1]:
        raise UsageError(f"{readme} lacks the lines {BEGIN} and {END}; put them back")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n\n{block(load_numbers(numbers))}\n\n{END}{after}"


def stale(readme: Path, numbers: Path) -> bool:
    """Return whether rendering README again would change it."""
    return render(readme, numbers) != readme.read_text(encoding="utf-8")


def update(readme: Path, numbers: Path) -> None:
    """Render README's block again; a README without the markers stays as it is."""
    if readme.exists() and BEGIN in readme.read_text(encoding="utf-8"):
        write_whole(readme, render(readme, numbers))
