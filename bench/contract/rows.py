"""A program and a case as a run keeps them: values that outlive the files of the program.

``contract.model`` has what is here and can be run, this module what a run.json says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

LOSES = "loses"
PYTHON = "python"
RECOVERY = "recovery"
"""The quantity of a trial with a fault."""
COPY = "twin"
"""Marks an A/A copy in the name of a case, before its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRow:
    """A program, with the workload that it is for; '' is what is not told.

    ``cell`` is its path, ``key`` its name in citations. ``loop`` is the event loop, '' for
    Python's own; ``promise`` has words of ``contract.PROMISES``, joined by commas.
    ``floor`` is true for the null stack. ``counterparts`` are those of its variant in
    ``stack.toml``, as ``<stack>.<variant>`` and joined by commas.
    """

    workload: str = ""
    stack: str = ""
    variant: str = ""
    language: str = ""
    loop: str = ""
    promise: str = ""
    counterparts: str = ""
    floor: bool = False
    cell: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow(ProgramRow):
    """A program with the parameters of its trials: a planned case.

    ``copy`` numbers the A/A copies from 1; ``load`` and ``fault`` are '' where there is
    none; ``blocks`` is how many were planned.
    """

    id: str = ""
    name: str = ""
    quantity: str = ""
    transport: str = ""
    size_bytes: int = 0
    instances: int = 1
    placement: str = ""
    copy: int = 0
    load: str = ""
    fault: str = ""
    blocks: int = 0

    @property
    def program(self) -> ProgramRow:
        """The program alone, without what its trials are."""
        return ProgramRow(**{name: getattr(self, name) for name in PROGRAM_FIELDS})

    @property
    def original_id(self) -> str:
        """The id of the case that an A/A copy repeats."""
        return f"{original_name(self.name, self.copy)}.{self.key}"


PROGRAM_FIELDS = frozenset(field.name for field in fields(ProgramRow))
CASE_FIELDS = frozenset(field.name for field in fields(CaseRow))


def original_name(name: str, copy: int) -> str:
    """Return the name of the case that an A/A copy repeats."""
    return name.removesuffix(f".{COPY}{copy}")


def promise_of(kept: Mapping[str, Any]) -> str:
    """Return the promise that a run kept. Earlier versions knew fan-outs' losses only."""
    if "promise" in kept:
        return str(kept["promise"])
    return LOSES if kept.get("fan_out_mode") == "lossy" else ""


def program_row(kept: Mapping[str, Any]) -> ProgramRow:
    """Return the program of a row of code.json."""
    known = {name: kept[name] for name in PROGRAM_FIELDS & kept.keys()}
    return ProgramRow(**{"language": PYTHON, **known, "promise": promise_of(kept)})


def case_row(kept: Mapping[str, Any]) -> CaseRow:
    """Return the case of a row of run.json, which calls its id ``case``.

    Runs of earlier versions lack some parameters, which then have their defaults. The key
    of the file for A/A copies is ``twin``.
    """
    known = {name: kept[name] for name in CASE_FIELDS & kept.keys()}
    more = {
        "id": kept["case"],
        "promise": promise_of(kept),
        "copy": kept.get("twin", 0),
    }
    return CaseRow(**{"language": PYTHON, **known, **more})


def case_named(name: str) -> CaseRow:
    """Return the case of a benchmark from its name, which ``Case.name`` made.

    A name has no program. Raises ValueError for anything but a name.
    """
    workload, quantity, size, transport, peers, placement, *more = name.split(".")
    copies = [part.removeprefix(COPY) for part in more if part.startswith(COPY)]
    further = [part for part in more if not part.startswith(COPY)]
    return CaseRow(
        name=name,
        workload=workload,
        quantity=quantity,
        size_bytes=int(size.removesuffix("B")),
        transport=transport,
        instances=int(peers.split("_")[0]),
        placement=placement,
        load="" if quantity == RECOVERY else "".join(further),
        fault="".join(further) if quantity == RECOVERY else "",
        copy=int(copies[0]) if copies else 0,
    )


def by_id(rows: Iterable[CaseRow]) -> dict[str, CaseRow]:
    return {row.id: row for row in rows}
