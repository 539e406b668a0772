"""Who plays which role in a conformance trial: programs of one stack in two languages.

A cell in C is a twin of the one in Python beside it, on the wire too. That is checked both
ways round, each role in turn from the other language, before a line of C is counted or
timed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from bench.contract import SLIDE, Cell
from bench.slides import SHOWN


@dataclass(frozen=True)
class Casting:
    """Which roles another cell plays, and how to say so; '' where none is."""

    name: str = ""
    played_by: Mapping[str, Cell] = field(default_factory=dict)


def in_python(cell: Cell) -> Cell | None:
    """Return the same stack's cell in Python of the same variant, if there is one."""
    variant = SHOWN if cell.variant.name == SLIDE else cell.variant.name
    path = cell.stack.folder / variant / f"{cell.workload.name}.py"
    return replace(cell, path=path, sanitized=False) if path.exists() else None


def castings(cell: Cell) -> Iterator[Casting]:
    """Yield who plays what when a cell is checked: all of it, then beside its twin.

    Sanitizers look at what a program does with memory, which is the same beside anyone.
    """
    yield Casting()
    twin = in_python(cell)
    if cell.language == "python" or cell.sanitized or twin is None:
        return
    roles = [role.name for role in cell.workload.roles]
    for role in roles:
        yield Casting(f", {role} in Python", {role: twin})
    if len(roles) > 2:  # with two roles, the one is all but the other
        for role in roles:
            others = {other: twin for other in roles if other != role}
            yield Casting(f", all but {role} in Python", others)
