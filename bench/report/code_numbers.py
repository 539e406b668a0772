"""The citable numbers of what programs take to write.

``<workload>.size.<what>.<cell>`` of every program that a run kept, also of those that it
did not time; ``total.<what>.<cell>`` of all workloads together; ``weight.<what>.<stack>``;
``<workload>.twins.<what>.<stack>``, by how much C is larger, with the verdict on the talk's
sentence; ``<workload>.price.<level>.<stack>``, what a level takes beyond the one before;
``<from>_to_<to>.changed.<cell>``, and ``<workload>.<from>_to_<to>.changed.<cell>`` from one
peer to several and between transports.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from bench.charts import words
from bench.flexibility import (
    TRANSPORTS,
    between_peers,
    between_transports,
    between_workloads,
)
from bench.report.code import COUNTED, found_twins, plumbing, programs, twin_sentence
from bench.report.entries import exact
from bench.report.model import Data
from bench.report.price import cheapest, steps
from bench.source.shares import CLASSES
from bench.twins import MEASURES

Entry = dict[str, Any]
Provenance = Callable[[list[str]], Mapping[str, Any]]
SPOKEN = {
    "statements": "statements",
    "tokens": "tokens",
    "gzip": "gzip bytes",
    "lines": "lines",
    "complexity": "of McCabe's complexity",
    "complexity_max": "of McCabe's complexity in its worst function",
    "names": "names of libraries",
    "options": "options set",
    "framing": "statements of framing",
    "connection": "statements of connection handling",
    "error": "statements of error handling",
    "business": "statements of business",
    "plumbing": "statements of framing and connections",
}
UNITS = {"gzip": "bytes", "complexity": "branches", "complexity_max": "branches"}
"""Of sizes whose unit is not what they are called; of parts of a program, statements."""
WEIGHTS = {
    "packages": ("needs {} packages, with all that they require", "packages"),
    "installed_mib": ("installs {} MiB", "MiB"),
    "import_ms": ("is imported in {} ms by a fresh process", "ms"),
    "threads": ("runs {} threads in an idle server", "threads"),
    "resident_mib": ("keeps {} MiB of an idle server resident, with Python", "MiB"),
}


def _entry(
    identifier: str, kind: str, sentence: str, value: float, unit: str,
    cells: Sequence[str], labels: Sequence[str], verdict: str | None = None,
) -> Entry:  # fmt: skip
    """Return an entry of what was counted: its value is its own interval."""
    value = value if isinstance(value, int) else float(f"{value:.6g}")
    return {
        "id": identifier,
        "kind": kind,
        "sentence": sentence,
        "unit": unit,
        **exact(value),
        "cells": [*cells],
        "labels": [*labels],
        "case": identifier.rsplit(".", 3 if kind == "size" else 1)[0],
        "verdict": verdict,
    }


def entries(data: Data, provenance: Provenance, known: Collection[str]) -> Iterator[Entry]:
    """Yield every number of code, but for those whose ids are ``known`` already."""
    for stacks, entry in _entries(data):
        if entry["id"] not in known:
            yield {**entry, **provenance(stacks)}


def _entries(data: Data) -> Iterator[tuple[list[str], Entry]]:
    for row in programs(data):
        yield from (([row["stack"]], entry) for entry in _sizes(data, row))
    for made in (_totals, _weights, _twins, _prices, _changes, _further_changes):
        yield from made(data)


def counts(row: Mapping[str, Any]) -> dict[str, int]:
    """Return all that is counted of a program, by the names that citations use."""
    return {
        **{name.removesuffix("_bytes"): row[name] for name in COUNTED},
        "names": len(row["names"]),
        "options": len(row["options"]),
        **{name: row["shares"][name] for name in CLASSES},
        "plumbing": plumbing(row),
    }


def _sizes(data: Data, row: Mapping[str, Any]) -> Iterator[Entry]:
    label = words.cell(row, data.stacks)
    workload = words.workload(row["workload"]).lower()
    for name, value in counts(row).items():
        said = f"{label} {workload} program: {value:,} {SPOKEN[name]} (counted)"
        identifier = f"{row['workload']}.size.{name}.{row['key']}"
        yield _entry(identifier, "size", said, value, _unit(name), [row["cell"]], [label])


def _unit(name: str) -> str:
    """Return the unit of a size."""
    return UNITS.get(name, "statements" if SPOKEN[name].startswith("statements") else name)


def _totals(data: Data) -> Iterator[tuple[list[str], Entry]]:
    for row in data.run.code["totals"]:
        label = words.cell({**row, "workload": ""}, data.stacks)
        key = f"{row['stack']}.{row['variant']}.{row['language']}"
        for column in COUNTED:
            name = column.removesuffix("_bytes")
            said = (
                f"{label}, all workloads together, shared files once: {row[column]:,} "
                f"{SPOKEN[name]} (counted)"
            )
            identifier = f"total.{name}.{key}"
            entry = _entry(identifier, "total", said, row[column], _unit(name), [], [label])
            yield [row["stack"]], entry


def _weights(data: Data) -> Iterator[tuple[list[str], Entry]]:
    for stack, found in data.run.weights.items():
        label = words.stack(stack, data.stacks)
        for name, (verb, unit) in WEIGHTS.items():
            value = len(found[name]) if name == "packages" else found[name]
            said = f"{label} {verb.format(words.number(float(value)))}"
            identifier = f"weight.{name}.{stack}"
            yield [stack], _entry(identifier, "weight", said, value, unit, [], [label])


def _twins(data: Data) -> Iterator[tuple[list[str], Entry]]:
    for pair in found_twins(data):
        programs_of = [row for row in (pair.python, pair.slide, pair.checked) if row]
        cells = [str(row["cell"]) for row in programs_of]
        labels = [words.cell(row, data.stacks) for row in programs_of]
        said = twin_sentence(data, pair)
        for measure in MEASURES:
            parts = {
                "": pair.more(measure),
                "_language": pair.language(measure),
                "_checking": pair.checking(measure),
            }
            for part, value in parts.items():
                if value is not None:
                    identifier = f"{pair.workload}.twins.{measure}{part}.{pair.stack}"
                    yield [pair.stack], _entry(
                        identifier, "twins", said, value, measure, cells, labels,
                        pair.verdict,
                    )  # fmt: skip


def _prices(data: Data) -> Iterator[tuple[list[str], Entry]]:
    for (workload, stack), levels in cheapest(data).items():
        label = words.stack(stack, data.stacks)
        for level, row, more in steps(levels):
            said = (
                f"{label} {words.workload(workload).lower()}: {row['statements']} "
                f"statements ({row['variant']}) are the least at level {level}, {more:+d} "
                "beyond the level before"
            )
            identifier = f"{workload}.price.{level}.{stack}"
            names = [words.cell(row, data.stacks)]
            yield (
                [stack],
                _entry(identifier, "price", said, more, "statements", [row["cell"]], names),
            )


def _changes(data: Data) -> Iterator[tuple[list[str], Entry]]:
    for row in between_workloads(data.run.code):
        label = words.cell({**row, "workload": row["to"]}, data.stacks)
        key = f"{row['stack']}.{row['variant']}.{row['language']}"
        first, second = (words.workload(row[end]).lower() for end in ("from", "to"))
        said = (
            f"{label}: {words.plural(row['changed'], 'statement')} to change from {first} "
            f"({row['before']}) to {second} ({row['after']})"
        )
        where = f"{row['from']}_to_{row['to']}"
        yield _change(
            f"{where}.changed.{key}",
            row["stack"],
            said,
            row["changed"],
            row["cells"],
            label,
        )


def _further_changes(data: Data) -> Iterator[tuple[list[str], Entry]]:
    """Yield those between peers and transports that have a number: the program passed."""
    checks = data.run.checks
    for row in programs(data):
        found = {"one_peer_to_several": between_peers(row, checks)}
        for other in TRANSPORTS[1:]:
            pair = TRANSPORTS[0], other
            found["_to_".join(pair)] = between_transports(row, checks, *pair)
        label = words.cell(row, data.stacks)
        for name, value in found.items():
            if isinstance(value, int):
                said = (
                    f"{label} {words.workload(row['workload']).lower()}: "
                    f"{words.plural(value, 'statement')} to change from "
                    f"{name.replace('_', ' ')}"
                )
                where = f"{row['workload']}.{name}"
                yield _change(
                    f"{where}.changed.{row['key']}",
                    row["stack"],
                    said,
                    value,
                    [row["cell"]],
                    label,
                )


def _change(
    identifier: str, stack: str, said: str, changed: int, cells: list[str], label: str
) -> tuple[list[str], Entry]:
    return [stack], _entry(
        identifier, "change", said, changed, "statements", cells, [label]
    )
