"""The citable numbers of what programs take to write.

Their ids:

``<workload>.size.<what>.<cell>``       of every program that a run kept, timed or not
``total.<what>.<cell>``                 of all workloads together
``weight.<what>.<stack>``               packages, memory and start of a stack
``<workload>.own.statements.<cell>``    without statements that all stacks' programs share
``<workload>.twins.<what>.<stack>``     by how much C is larger, with the verdict on the
                                        talk's sentence
``<workload>.price.<level>.<stack>``    the statements of a level beyond the one before
``<from>_to_<to>.changed.<cell>``       the statements that another workload changes
``<workload>.<from>_to_<to>.changed.<cell>``  the same from one peer to several, and between
                                        transports
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from bench.analysis.change_cost import (
    TRANSPORTS,
    between_peers,
    between_transports,
    between_workloads,
)
from bench.analysis.code_rows import ProgramCode
from bench.analysis.in_common import in_common
from bench.analysis.language_cost import MEASURES
from bench.contract.rows import ProgramRow
from bench.measure.code.shares import CLASSES
from bench.report import words
from bench.report.charts.price import steps
from bench.report.entries import exact
from bench.report.model import Data
from bench.report.sections.code import (
    COUNTED,
    c_port_sentence,
    found_c_ports,
    plumbing,
    programs,
)
from bench.report.sections.price import cheapest

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
"""The units of sizes that have another name. Parts of a program count statements."""
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
        yield from (([row.program.stack], entry) for entry in _sizes(data, row))
    for made in (_own, _totals, _weights, _c_ports, _prices, _changes, _further_changes):
        yield from made(data)


def counts(row: ProgramCode) -> dict[str, int]:
    """Return all that is counted of a program, by the names that citations use."""
    return {
        **{name.removesuffix("_bytes"): getattr(row, name) for name in COUNTED},
        "names": len(row.names),
        "options": len(row.options),
        **{name: row.shares[name] for name in CLASSES},
        "plumbing": plumbing(row),
    }


def _sizes(data: Data, row: ProgramCode) -> Iterator[Entry]:
    program, label = row.program, words.cell(row.program, data.stacks)
    workload = words.workload(program.workload).lower()
    for name, value in counts(row).items():
        said = f"{label} {workload} program: {value:,} {SPOKEN[name]} (counted)"
        identifier = f"{program.workload}.size.{name}.{program.key}"
        yield _entry(identifier, "size", said, value, _unit(name), [program.cell], [label])


def _own(data: Data) -> Iterator[tuple[list[str], Entry]]:
    same = in_common(data.run.code)
    for row in programs(data):
        program = row.program
        if program.cell in same:
            label, alike = words.cell(program, data.stacks), same[program.cell]
            own = row.statements - alike
            said = (
                f"{label} {words.workload(program.workload).lower()} program: {own:,} of "
                f"{row.statements:,} statements are its own; {alike:,} are word for "
                "word in the programs of all stacks"
            )
            identifier = f"{program.workload}.own.statements.{program.key}"
            cells = [program.cell]
            entry = _entry(identifier, "own", said, own, "statements", cells, [label])
            yield [program.stack], entry


def _unit(name: str) -> str:
    """Return the unit of a size."""
    return UNITS.get(name, "statements" if SPOKEN[name].startswith("statements") else name)


def _totals(data: Data) -> Iterator[tuple[list[str], Entry]]:
    for row in data.run.code.totals:
        label, key = words.cell(row.program, data.stacks), _key(row.program)
        for column in COUNTED:
            name, value = column.removesuffix("_bytes"), getattr(row, column)
            said = (
                f"{label}, all workloads together, shared files once: {value:,} "
                f"{SPOKEN[name]} (counted)"
            )
            identifier = f"total.{name}.{key}"
            entry = _entry(identifier, "total", said, value, _unit(name), [], [label])
            yield [row.program.stack], entry


def _key(program: ProgramRow) -> str:
    """Return the key of a variant in one language, whatever the workload."""
    return f"{program.stack}.{program.variant}.{program.language}"


def _weights(data: Data) -> Iterator[tuple[list[str], Entry]]:
    for stack, found in data.run.weights.items():
        label = words.stack(stack, data.stacks)
        for name, (verb, unit) in WEIGHTS.items():
            value = len(found[name]) if name == "packages" else found[name]
            said = f"{label} {verb.format(words.number(float(value)))}"
            identifier = f"weight.{name}.{stack}"
            yield [stack], _entry(identifier, "weight", said, value, unit, [], [label])


def _c_ports(data: Data) -> Iterator[tuple[list[str], Entry]]:
    for pair in found_c_ports(data):
        every = (pair.python, pair.slide, pair.checked)
        programs_of = [row.program for row in every if row]
        cells = [program.cell for program in programs_of]
        labels = [words.cell(program, data.stacks) for program in programs_of]
        said = c_port_sentence(data, pair)
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
        for level, (program, statements), more in steps(levels):
            said = (
                f"{label} {words.workload(workload).lower()}: {statements} "
                f"statements ({program.variant}) are the least at level {level}, {more:+d} "
                "beyond the level before"
            )
            identifier = f"{workload}.price.{level}.{stack}"
            cells, names = [program.cell], [words.cell(program, data.stacks)]
            entry = _entry(identifier, "price", said, more, "statements", cells, names)
            yield [stack], entry


def _changes(data: Data) -> Iterator[tuple[list[str], Entry]]:
    for change in between_workloads(data.run.code):
        label = words.cell(change.program, data.stacks)
        ends = (change.first, change.second)
        first, second = (words.workload(end).lower() for end in ends)
        said = (
            f"{label}: {words.plural(change.changed, 'statement')} to change from {first} "
            f"({change.before}) to {second} ({change.after})"
        )
        yield _change(
            f"{change.first}_to_{change.second}.changed.{_key(change.program)}",
            change.program.stack,
            said,
            change.changed,
            [*change.cells],
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
        program, label = row.program, words.cell(row.program, data.stacks)
        for name, value in found.items():
            if isinstance(value, int):
                said = (
                    f"{label} {words.workload(program.workload).lower()}: "
                    f"{words.plural(value, 'statement')} to change from "
                    f"{name.replace('_', ' ')}"
                )
                yield _change(
                    f"{program.workload}.{name}.changed.{program.key}",
                    program.stack,
                    said,
                    value,
                    [program.cell],
                    label,
                )


def _change(
    identifier: str, stack: str, said: str, changed: int, cells: list[str], label: str
) -> tuple[list[str], Entry]:
    return [stack], _entry(
        identifier, "change", said, changed, "statements", cells, [label]
    )
