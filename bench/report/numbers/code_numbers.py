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

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
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
from bench.report.numbers.number import Number, plain
from bench.report.sections.code import (
    COUNTED,
    c_port_sentence,
    found_c_ports,
    plumbing,
    programs,
)

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


def numbers(data: Data) -> Iterator[Number]:
    """Yield every number of code."""
    makers = (_sizes, _own, _totals, _weights, _c_ports, _prices, _changes, _variations)
    for make in makers:
        yield from make(data)


def _counted(
    name: str, kind: str, said: str, value: float, programs: Sequence[ProgramRow],
    unit: str = "statements", **more: Any,
) -> Number:  # fmt: skip
    """Return a number that was counted: its value is its interval."""
    case = name.rsplit(".", 3 if kind == "size" else 1)[0]
    known = {"stack": programs[0].stack} if programs else {}
    return Number(name, kind, said, unit, exact(value), case, programs, **{**known, **more})


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
    return f"{data.cell(program)} {workload}"


def _unit(name: str) -> str:
    """Return the unit of a size."""
    return UNITS.get(name, "statements" if SPOKEN[name].startswith("statements") else name)


def _sizes(data: Data) -> Iterator[Number]:
    for row in programs(data):
        for name, value in counts(row).items():
            identifier = f"{row.program.workload}.size.{name}.{row.program.key}"
            said = (
                f"{_named(row.program, data)} program: {value:,} {SPOKEN[name]} (counted)"
            )
            yield _counted(identifier, "size", said, value, [row.program], _unit(name))


def _own(data: Data) -> Iterator[Number]:
    same = in_common(data.run.code)
    for row in (row for row in programs(data) if row.program.cell in same):
        alike = same[row.program.cell]
        own = row.statements - alike
        said = (
            f"{_named(row.program, data)} program: {own:,} of {row.statements:,} "
            f"statements are its own; {alike:,} are word for word in the programs of all "
            "stacks"
        )
        identifier = f"{row.program.workload}.own.statements.{row.program.key}"
        yield _counted(identifier, "own", said, own, [row.program])


def _key(program: ProgramRow) -> str:
    """Return the key of a variant in one language, whatever the workload."""
    return f"{program.stack}.{program.variant}.{program.language}"


def _totals(data: Data) -> Iterator[Number]:
    for row, column in product(data.run.code.totals, COUNTED):
        label = data.cell(row.program)
        name, value = column.removesuffix("_bytes"), getattr(row, column)
        said = (
            f"{label}, all workloads together, shared files once: {value:,} "
            f"{SPOKEN[name]} (counted)"
        )
        identifier, of = f"total.{name}.{_key(row.program)}", row.program.stack
        unit = _unit(name)
        yield _counted(identifier, "total", said, value, (), unit, stack=of, labels=[label])


def _weights(data: Data) -> Iterator[Number]:
    for stack, found in data.run.weights.items():
        for name, (verb, unit) in WEIGHTS.items():
            value = len(found[name]) if name == "packages" else found[name]
            rounded = value if isinstance(value, int) else plain(value) or 0.0
            said = f"{data.stack(stack)} {verb.format(words.number(float(value)))}"
            identifier = f"weight.{name}.{stack}"
            yield _counted(identifier, "weight", said, rounded, (), unit, stack=stack)


def _c_ports(data: Data) -> Iterator[Number]:
    for pair, measure in product(found_c_ports(data), MEASURES):
        mine = [row.program for row in (pair.python, pair.slide, pair.checked) if row]
        parts = {
            "": pair.more(measure),
            "_language": pair.language(measure),
            "_checking": pair.checking(measure),
        }
        for part, value in parts.items():
            if value is not None:
                name = f"{pair.workload}.twins.{measure}{part}.{pair.stack}"
                said, verdict = c_port_sentence(data, pair), pair.verdict
                yield _counted(name, "twins", said, value, mine, measure, verdict=verdict)


def _prices(data: Data) -> Iterator[Number]:
    for (workload, stack), levels in data.cheapest.items():
        for level, (program, statements), more in steps(levels):
            said = (
                f"{data.stack(stack)} {words.workload(workload).lower()}: {statements} "
                f"statements ({program.variant}) are the least at level {level}, "
                f"{more:+d} beyond the level before"
            )
            identifier = f"{workload}.price.{level}.{stack}"
            yield _counted(identifier, "price", said, more, [program])


def _changes(data: Data) -> Iterator[Number]:
    for each in between_workloads(data.run.code):
        first, second = (words.workload(end).lower() for end in (each.first, each.second))
        label = data.cell(each.program)
        said = (
            f"{label}: {words.plural(each.changed, 'statement')} to change from {first} "
            f"({each.before}) to {second} ({each.after})"
        )
        name = f"{each.first}_to_{each.second}.changed.{_key(each.program)}"
        ends = [replace(each.program, cell=cell) for cell in each.cells]
        yield _counted(name, "change", said, each.changed, ends, labels=[label])


def _variations(data: Data) -> Iterator[Number]:
    """Yield changes for peers and transports that have a number: the program passed."""
    checks = data.run.checks
    for row in programs(data):
        found = {"one_peer_to_several": between_peers(row, checks)}
        for pair in ((TRANSPORTS[0], other) for other in TRANSPORTS[1:]):
            found["_to_".join(pair)] = between_transports(row, checks, *pair)
        for name, value in found.items():
            if isinstance(value, int):
                said = (
                    f"{_named(row.program, data)}: {words.plural(value, 'statement')} to "
                    f"change from {name.replace('_', ' ')}"
                )
                identifier = f"{row.program.workload}.{name}.changed.{row.program.key}"
                yield _counted(identifier, "change", said, value, [row.program])
