"""Rows of what was counted of programs, and of what conformance found of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from bench.contract.rows import ProgramRow, program_row


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of a program, and its files, its own first."""

    files: str
    statements: int
    tokens: int
    gzip_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramCode:
    """All that was counted of a program, see ``bench.measure.code.programs``.

    ``shares`` are statements by class; ``endings`` is None in runs that did not count them.
    """

    program: ProgramRow
    files: tuple[str, ...]
    statements: int
    tokens: int = 0
    gzip_bytes: int = 0
    lines: int = 0
    complexity: int = 0
    complexity_max: int = 0
    names: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    transports: tuple[str, ...] = ()
    shares: Mapping[str, int] = field(default_factory=dict)
    endings: int | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """The programs of a run. ``totals`` are those of a variant together, in one language.

    ``texts`` are the files.
    """

    programs: list[ProgramCode]
    totals: list[ProgramCode]
    texts: Mapping[str, str]


def program_code(kept: Mapping[str, Any]) -> ProgramCode:
    """Return a row of code.json."""
    known = {f.name for f in fields(ProgramCode)} & kept.keys()
    made = {name: kept[name] for name in known}
    lists = {name: tuple(v) for name, v in made.items() if isinstance(v, list)}
    return ProgramCode(program=program_row(kept), **{**made, **lists})


@dataclass(frozen=True, slots=True)
class Check:
    """The check of a program over a transport; ``reason`` is '' if it passed.

    ``losses`` are at full speed. ``made`` is its moment in UTC; runs of earlier versions
    have none, and checked every program at their start. ``first_failure`` is why a check
    beside others failed, before it was made again alone.
    """

    cell: str
    transport: str
    reason: str
    losses: int = 0
    skipped: bool = False
    made: str = ""
    first_failure: str = ""

    @property
    def passed(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class Size:
    """How long a program is."""

    program: ProgramRow
    counts: Counts

    def columns(self) -> dict[str, Any]:
        """Return the row as a chart's file has it."""
        own = ("files", "statements", "tokens", "gzip_bytes")
        about = ("key", "stack", "variant", "workload", "language", "promise", "floor")
        counted = {name: getattr(self.counts, name) for name in own}
        of_program = {name: getattr(self.program, name) for name in about}
        return {"cell": self.program.cell, **counted, **of_program}
