"""Mixtures of a conformance trial: programs of a stack in two languages share its roles.

A program in C is a port of the program in Python beside it, and sends the same bytes.
Before a line of C is counted or timed, each role in turn runs in the other language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from bench.contract.model import SLIDE, Cell
from bench.contract.slides import SHOWN


@dataclass(frozen=True)
class Mixture:
    """The roles that another cell runs, and a name for that; empty if there are none."""

    name: str = ""
    played_by: Mapping[str, Cell] = field(default_factory=dict)


def in_python(cell: Cell) -> Cell | None:
    """Return the same stack's cell in Python of the same variant, if there is one."""
    variant = SHOWN if cell.variant.name == SLIDE else cell.variant.name
    path = cell.stack.folder / variant / f"{cell.workload.name}.py"
    return replace(cell, path=path, sanitized=False) if path.exists() else None


def mixtures(cell: Cell) -> Iterator[Mixture]:
    """Yield the mixtures of a check: the program alone, then beside its port.

    A sanitized program runs alone: its use of memory does not depend on its peers.
    """
    yield Mixture()
    python = in_python(cell)
    if cell.language == "python" or cell.sanitized or python is None:
        return
    roles = [role.name for role in cell.workload.roles]
    for role in roles:
        yield Mixture(f", {role} in Python", {role: python})
    if len(roles) > 2:  # with two roles, the one is all but the other
        for role in roles:
            others = {other: python for other in roles if other != role}
            yield Mixture(f", all but {role} in Python", others)
