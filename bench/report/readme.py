"""The numbers in README.md: rendered from numbers.json, never typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.archive import write_whole
from bench.charts import words
from bench.comparisons import stack_order
from bench.errors import UsageError
from bench.report.citation import load_numbers

BEGIN, END = "<!-- numbers:begin -->", "<!-- numbers:end -->"
CHARTS = {
    "split": "Ratios of times, driver and peers on separate CPUs",
    "shared": "Ratios of times, everything on one CPU",
}
FOLDER = "reports/figures"


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


def _stack(cell: str) -> str:
    return cell.split("/", 1)[0]


def _values(
    entries: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]
) -> dict[str, list[str]]:
    """Return each stack's absolute numbers in a case: one per cell that was compared."""
    cells = list(dict.fromkeys(cell for pair in pairs for cell in pair["cells"]))
    found: dict[str, list[str]] = {}
    for entry in entries:
        plain = entry["kind"] == "absolute" and entry["id"].startswith(entry["case"] + ".")
        if plain and entry["case"] == pairs[0]["case"] and entry["cells"][0] in cells:
            value = words.measured(entry["value"], entry["unit"])
            label = entry["labels"][0].partition(" (")[2].removesuffix(")")
            found.setdefault(_stack(entry["cells"][0]), []).append(f"{value} ({label})")
    return found


def _ratio(pair: Mapping[str, Any]) -> str:
    first, second = pair["labels"]
    value = words.number(pair["value"])
    if pair["ci_low"] is None:
        return f"{first} / {second}: {value}, too few blocks"
    low, high = (words.number(pair[key], pair["value"]) for key in ("ci_low", "ci_high"))
    verdict = "undecided" if pair["verdict"] == "inconclusive" else pair["verdict"]
    return f"{first} / {second}: {value} ({low} to {high}), {verdict}"


def _rows(entries: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    cases = claimed_cases(entries)
    stacks = sorted(
        {
            _stack(cell)
            for pairs in cases.values()
            for pair in pairs
            for cell in pair["cells"]
        },
        key=stack_order,
        reverse=True,
    )
    labels = {
        _stack(cell): label.partition(" (")[0]
        for pairs in cases.values()
        for pair in pairs
        for cell, label in zip(pair["cells"], pair["labels"], strict=True)
    }
    yield ["", *(labels[stack] for stack in stacks), "ratios of times (interval), verdict"]
    for case, pairs in cases.items():
        values = _values(entries, pairs)
        shown = ["<br>".join(values.get(stack, [words.PASSED_OVER])) for stack in stacks]
        yield [name_of(case), *shown, "<br>".join(map(_ratio, pairs))]


def name_of(case: str) -> str:
    workload, quantity, *_, placement = case.split(".")
    row = {"workload": workload, "quantity": quantity}
    placed = words.PLACEMENTS_SHORT.get(placement, placement)
    return f"{words.workload(workload)}, {words.quantity(row)}, {placed}"


def block(entries: Sequence[Mapping[str, Any]]) -> str:
    """Return what stands between the markers: a table, its source, and two charts."""
    rows = list(_rows(entries))
    if len(rows) < 2:
        return "No run has compared the headline cases yet."
    header, *body = rows
    lines = [f"| {' | '.join(header)} |", "|" + " --- |" * len(header)]
    lines += [f"| {' | '.join(row)} |" for row in body]
    source = entries[0]
    lines += [
        "",
        f"Run {source['run']}, {source['date']}: {source['machine']}; 64 B over tcp, "
        "loopback, one machine. Ratios compare across machines; absolute numbers do not.",
        "",
        *(
            f"![{title}]({FOLDER}/headline_{placement}.svg)"
            for placement, title in CHARTS.items()
            if any(case.endswith(f".{placement}") for case in claimed_cases(entries))
        ),
    ]
    return "\n".join(lines)


def render(readme: Path, numbers: Path) -> str:
    """Return README's text with its block as the numbers have it.

    Raises UsageError where README lacks the markers.
    """
    text = readme.read_text()
    if BEGIN not in text or END not in text.split(BEGIN, 1)[1]:
        raise UsageError(f"{readme} lacks the lines {BEGIN} and {END}: put them back")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    return f"{before}{BEGIN}\n\n{block(load_numbers(numbers))}\n\n{END}{after}"


def stale(readme: Path, numbers: Path) -> bool:
    """Return whether README says something else than the numbers would have it say."""
    return render(readme, numbers) != readme.read_text()


def update(readme: Path, numbers: Path) -> None:
    """Write README's block anew; a README without the markers stays as it is."""
    if readme.exists() and BEGIN in readme.read_text():
        write_whole(readme, render(readme, numbers))
