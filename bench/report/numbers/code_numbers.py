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
from dataclasses import replace
from typing import Any, NamedTuple

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


class Counted(NamedTuple):
    """A number of code, before it is an entry: counted, so its value is its interval."""

    id: str
    kind: str
    sentence: str
    value: float
    unit: str
    stack: str
    programs: Sequence[ProgramRow] = ()
    verdict: str | None = None
    labelled: ProgramRow | None = None
    """Whose name stands for the number, if it is of no program alone."""


def entries(data: Data, provenance: Provenance, known: Collection[str]) -> Iterator[Entry]:
    """Yield every number of code, but for those whose ids are ``known`` already."""
    makers = (_sizes, _own, _totals, _weights, _c_ports, _prices, _changes, _variations)
    for one in (counted for make in makers for counted in make(data)):
        if one.id in known:
            continue
        value = one.value if isinstance(one.value, int) else float(f"{one.value:.6g}")
        labels = [words.cell(program, data.stacks) for program in one.programs]
        if one.labelled:
            labels = [words.cell(one.labelled, data.stacks)]
        yield {
            "id": one.id,
            "kind": one.kind,
            "sentence": one.sentence,
            "unit": one.unit,
            **exact(value),
            "cells": [program.cell for program in one.programs],
            "labels": labels or [words.stack(one.stack, data.stacks)],
            "case": one.id.rsplit(".", 3 if one.kind == "size" else 1)[0],
            "verdict": one.verdict,
            **provenance([one.stack]),
        }


def counts(row: ProgramCode) -> dict[str, int]:
    """Return all that is counted of a program, by the names that citations use."""
    return {
        **{name.removesuffix("_bytes"): getattr(row, name) for name in COUNTED},
        "names": len(row.names),
        "options": len(row.options),
        **{name: row.shares[name] for name in CLASSES},
        "plumbing": plumbing(row),
    }


def _named(program: ProgramRow, data: Data) -> str:
    """Return "ZeroMQ (minimal) request/reply"."""
    workload = words.workload(program.workload).lower()
    return f"{words.cell(program, data.stacks)} {workload}"


def _unit(name: str) -> str:
    """Return the unit of a size."""
    return UNITS.get(name, "statements" if SPOKEN[name].startswith("statements") else name)


def _sizes(data: Data) -> Iterator[Counted]:
    for program, row in ((row.program, row) for row in programs(data)):
        for name, value in counts(row).items():
            said = f"{_named(program, data)} program: {value:,} {SPOKEN[name]} (counted)"
            identifier = f"{program.workload}.size.{name}.{program.key}"
            stack, unit = program.stack, _unit(name)
            yield Counted(identifier, "size", said, value, unit, stack, [program])


def _own(data: Data) -> Iterator[Counted]:
    same = in_common(data.run.code)
    for program, row in ((row.program, row) for row in programs(data)):
        if program.cell in same:
            alike = same[program.cell]
            own = row.statements - alike
            said = (
                f"{_named(program, data)} program: {own:,} of {row.statements:,} "
                f"statements are its own; {alike:,} are word for word in the programs of "
                "all stacks"
            )
            identifier = f"{program.workload}.own.statements.{program.key}"
            stack = program.stack
            yield Counted(identifier, "own", said, own, "statements", stack, [program])


def _key(program: ProgramRow) -> str:
    """Return the key of a variant in one language, whatever the workload."""
    return f"{program.stack}.{program.variant}.{program.language}"


def _totals(data: Data) -> Iterator[Counted]:
    for row in data.run.code.totals:
        label = words.cell(row.program, data.stacks)
        for column in COUNTED:
            name, value = column.removesuffix("_bytes"), getattr(row, column)
            said = (
                f"{label}, all workloads together, shared files once: {value:,} "
                f"{SPOKEN[name]} (counted)"
            )
            identifier, stack = f"total.{name}.{_key(row.program)}", row.program.stack
            yield Counted(
                identifier, "total", said, value, _unit(name), stack, labelled=row.program
            )


def _weights(data: Data) -> Iterator[Counted]:
    for stack, found in data.run.weights.items():
        for name, (verb, unit) in WEIGHTS.items():
            value = len(found[name]) if name == "packages" else found[name]
            label = words.stack(stack, data.stacks)
            said = f"{label} {verb.format(words.number(float(value)))}"
            yield Counted(f"weight.{name}.{stack}", "weight", said, value, unit, stack)


def _c_ports(data: Data) -> Iterator[Counted]:
    for pair in found_c_ports(data):
        every = (pair.python, pair.slide, pair.checked)
        mine = [row.program for row in every if row]
        for measure in MEASURES:
            parts = {
                "": pair.more(measure),
                "_language": pair.language(measure),
                "_checking": pair.checking(measure),
            }
            for part, value in parts.items():
                if value is not None:
                    yield Counted(
                        f"{pair.workload}.twins.{measure}{part}.{pair.stack}", "twins",
                        c_port_sentence(data, pair), value, measure, pair.stack, mine,
                        pair.verdict,
                    )  # fmt: skip


def _prices(data: Data) -> Iterator[Counted]:
    for (workload, stack), levels in cheapest(data).items():
        for level, (program, statements), more in steps(levels):
            said = (
                f"{words.stack(stack, data.stacks)} {words.workload(workload).lower()}: "
                f"{statements} statements ({program.variant}) are the least at level "
                f"{level}, {more:+d} beyond the level before"
            )
            identifier = f"{workload}.price.{level}.{stack}"
            yield Counted(identifier, "price", said, more, "statements", stack, [program])


def _changes(data: Data) -> Iterator[Counted]:
    for change in between_workloads(data.run.code):
        first, second = (
            words.workload(end).lower() for end in (change.first, change.second)
        )
        said = (
            f"{words.cell(change.program, data.stacks)}: "
            f"{words.plural(change.changed, 'statement')} to change from {first} "
            f"({change.before}) to {second} ({change.after})"
        )
        name = f"{change.first}_to_{change.second}.changed.{_key(change.program)}"
        ends = [replace(change.program, cell=cell) for cell in change.cells]
        yield Counted(
            name, "change", said, change.changed, "statements", change.program.stack, ends,
            labelled=change.program,
        )  # fmt: skip


def _variations(data: Data) -> Iterator[Counted]:
    """Yield changes for peers and transports that have a number: the program passed."""
    checks = data.run.checks
    for program, row in ((row.program, row) for row in programs(data)):
        found = {"one_peer_to_several": between_peers(row, checks)}
        for other in TRANSPORTS[1:]:
            pair = TRANSPORTS[0], other
            found["_to_".join(pair)] = between_transports(row, checks, *pair)
        for name, value in found.items():
            if isinstance(value, int):
                said = (
                    f"{_named(program, data)}: {words.plural(value, 'statement')} to "
                    f"change from {name.replace('_', ' ')}"
                )
                identifier = f"{program.workload}.{name}.changed.{program.key}"
                yield Counted(
                    identifier, "change", said, value, "statements", program.stack,
                    [program],
                )  # fmt: skip
