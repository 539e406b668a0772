"""The numbers in README.md: rendered from numbers.json, never typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.archive import write_whole
from bench.charts import words
from bench.comparisons import SUBJECT
from bench.contract import FAN_OUT_MODES
from bench.errors import UsageError
from bench.report.citation import load_numbers, mark, spelled
from bench.report.levels import MAY_LOSE
from bench.stats import INCONCLUSIVE

BEGIN, END = "<!-- numbers:begin -->", "<!-- numbers:end -->"
CHARTS = {
    "split": "Ratios of times, driver and peers on separate CPUs",
    "shared": "Ratios of times, everything on one CPU",
}
FOLDER = "reports/figures"
FIRST = "minimal"
Standing = tuple[int, str]
"""The level of a program, and what the table says of it."""
CITES = "<!-- cites:"
"""Below this stand the ids of all numbers that README shows: none may go missing."""


def claimed_cases(
    entries: Sequence[Mapping[str, Any]],
) -> dict[str, list[Mapping[str, Any]]]:
    """Return the comparisons behind each claimed case, other clients too, in order."""
    cases: dict[str, list[Mapping[str, Any]]] = {}
    named = {entry["case"] for entry in entries if entry["kind"] == "claim"}
    for entry in entries:
        if entry["case"] in named and entry["kind"] in ("claim", "further"):
            cases.setdefault(entry["case"], []).append(entry)
    order = {name: number for number, name in enumerate(words.WORKLOADS)}
    return dict(
        sorted(
            cases.items(),
            key=lambda item: (order.get(item[0].split(".")[0], 9), "shared" in item[0]),
        )
    )


def of_the_subject(pairs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the pairs that the subject is first of, all of them where there is none."""
    mine = [pair for pair in pairs if pair["cells"][0].startswith(f"{SUBJECT}/")]
    return [p for p in mine if not p["cells"][1].startswith(f"{SUBJECT}/")] or list(pairs)


def _ratio(pair: Mapping[str, Any] | None) -> str:
    if pair is None:
        return words.PASSED_OVER
    value = words.number(pair["value"])
    if pair["ci_low"] is None:
        return f"{value}, too few blocks"
    low, high = (words.number(pair[key], pair["value"]) for key in ("ci_low", "ci_high"))
    verdict = "undecided" if pair["verdict"] == INCONCLUSIVE else pair["verdict"]
    return f"**{value}** ({low} to {high}), {verdict}"


def _rows(entries: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    """Yield a row for each pair of cells, below one for what they are compared in."""
    found: dict[str, dict[tuple[str, str], dict[str, Mapping[str, Any]]]] = {}
    for case, pairs in claimed_cases(entries).items():
        heading, placement = case.rsplit(".", 1)
        for pair in of_the_subject(pairs):
            sides = found.setdefault(heading, {}).setdefault(tuple(pair["labels"]), {})
            sides[placement] = pair
    for heading, compared in found.items():
        yield [f"**{_name(heading)}**", *("" for _ in CHARTS)]
        for (first, second), placed in compared.items():
            yield [f"{first} / {second}", *(_ratio(placed.get(name)) for name in CHARTS)]


def _name(heading: str) -> str:
    workload, quantity, *_ = heading.split(".")
    row = {"workload": workload, "quantity": quantity}
    return f"{words.workload(workload)}, {words.quantity(row)}"


def name_of(case: str) -> str:
    heading, placement = case.rsplit(".", 1)
    return f"{_name(heading)}, {words.PLACEMENTS_SHORT.get(placement, placement)}"


def levels_table(entries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield the lines of what survives failures, and what it takes to write."""
    found = [entry for entry in entries if entry["kind"] == "level"]
    if not found:
        return
    sizes = {entry["id"]: entry["value"] for entry in entries if entry["kind"] == "size"}
    stacks: dict[str, str] = {}
    table: dict[tuple[str, str], dict[str, Standing]] = {}
    for entry in found:
        stack, variant, _ = entry["cells"][0].split("/")
        stacks[stack] = entry["labels"][0].split(" (")[0]
        workload, _, cell = entry["id"].split(".", 2)
        size = sizes.get(f"{workload}.size.statements.{cell}")
        written = f" ({size} statements)" if size else ""
        row = table.setdefault((workload, variant), {})
        promise = f", {MAY_LOSE}" if f", {MAY_LOSE}," in entry["sentence"] else ""
        row[stack] = entry["value"], f"L{entry['value']}{promise}{written}"
    yield f"![What every fault comes to, by stack and tier]({FOLDER}/failures.svg)"
    yield ""
    yield (
        "What survives failures, and what it takes to write. L0 works while nothing fails; "
        "L1 survives a restart of its server in place; L2 does so under every fault that "
        "was measured, and loses, doubles or answers wrongly nothing, but for what "
        "outlasts a deadline, which is reported, or dies with the process that had taken "
        "it. *Minimal does*: the stack needs no such variant, as its minimal program does "
        "as much."
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
    """Return what stands for a variant that a stack has not: its minimal may do as much."""
    if minimal is None:
        return words.PASSED_OVER
    level, said = minimal
    as_promised = variant in FAN_OUT_MODES and MAY_LOSE not in said
    return f"({FIRST} does)" if level >= least or as_promised else words.PASSED_OVER


def cited(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the ids of all numbers in the block, in its order."""
    compared = [
        pair["id"]
        for pairs in claimed_cases(entries).values()
        for pair in of_the_subject(pairs)
    ]
    levels = [entry["id"] for entry in entries if entry["kind"] == "level"]
    sizes = {entry["id"] for entry in entries if entry["kind"] == "size"}
    written = [name.replace(".level.", ".size.statements.") for name in levels]
    return [*compared, *levels, *(name for name in written if name in sizes)]


def _refuse_lost(readme: Path, before: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Raise UsageError where README cites a number that is no longer there."""
    if CITES not in before:
        return
    known = {entry["id"] for entry in entries}
    for name in before.split(CITES, 1)[1].split("-->", 1)[0].split():
        if name not in known:
            raise UsageError(
                f"{readme} cites {name}, which is not among the numbers: measure it, or "
                f"remove its line below {CITES!r}"
            )


def block(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return what stands between the markers: charts, a table, and their source."""
    rows = list(_rows(entries))
    if not rows:
        return "No run has compared the headline cases yet."
    source = entries[0]
    placed = [words.PLACEMENTS_SHORT[name] for name in CHARTS]
    lines = [
        *(
            f"![{title}]({FOLDER}/headline_{placement}.svg)"
            for placement, title in CHARTS.items()
            if any(case.endswith(f".{placement}") for case in claimed_cases(entries))
        ),
        "",
        "Ratios of times, first over second: below 1 the first takes less time, for "
        "throughput the time per delivered message. In brackets what the ratio may be (its "
        "interval), then the verdict: *faster* or *slower* only beyond 5 % and beyond the "
        "noise between two copies of one program, else *undecided*.",
        "",
        f"| first / second | {' | '.join(placed)} |",
        "|" + " --- |" * (1 + len(placed)),
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        *levels_table(entries),
        f"Run {source['run']}, {source['date']}, grade {source['grade']} (A is quiet, C is "
        f"noisy): {source['machine']}; 64 B over tcp, loopback, one machine. Ratios may be "
        "compared across machines; absolute numbers may not, and stand in the report.",
        "",
        f"The first of them, as a citation: {spelled(source)} [{mark(source)}].",
        "",
        CITES,
        *cited(entries),
        "-->",
    ]
    return "\n".join(lines)


def render(readme: Path, numbers: Path) -> str:
    """Return README's text with its block as the numbers have it.

    Raises UsageError where README lacks the markers, or cites a number that is not there.
    """
    text = readme.read_text()
    if BEGIN not in text or END not in text.split(BEGIN, 1)[1]:
        raise UsageError(f"{readme} lacks the lines {BEGIN} and {END}: put them back")
    before, rest = text.split(BEGIN, 1)
    shown, after = rest.split(END, 1)
    entries = load_numbers(numbers)
    _refuse_lost(readme, shown, entries)
    return f"{before}{BEGIN}\n\n{block(entries)}\n\n{END}{after}"


def stale(readme: Path, numbers: Path) -> bool:
    """Return whether README says something else than the numbers would have it say."""
    return render(readme, numbers) != readme.read_text()


def update(readme: Path, numbers: Path) -> None:
    """Write README's block anew; a README without the markers stays as it is."""
    if readme.exists() and BEGIN in readme.read_text():
        write_whole(readme, render(readme, numbers))
