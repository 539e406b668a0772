"""Every measured program as text, with all its counts.

A run keeps this in ``code.json``, so that its report shows the programs that were measured,
and compares their sizes, even if they change later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from bench.contract.find import find_cells
from bench.contract.model import Cell
from bench.contract.slides import slides
from bench.errors import NoMiddleError
from bench.measure.code.endings import endings
from bench.measure.code.shares import shares
from bench.measure.code.size import READERS, Program, Source, read_program, size_of
from bench.measure.code.surface import surface

COUNTS = ("statements", "tokens", "gzip_bytes", "lines", "complexity", "complexity_max")
"""The counts of a program, in the order of tables."""


def exhibits(cells: Iterable[Cell]) -> list[Cell]:
    """Return every program of the stacks of these cells: cells, and programs for slides."""
    stacks = {cell.stack.folder for cell in cells if not cell.is_floor}
    roots = sorted({folder.parent for folder in stacks})
    every = [cell for cell in find_cells(roots) if cell.stack.folder in stacks]
    return [*every, *slides(every)]


def described(cells: Sequence[Cell]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the description of these programs, and the reason for each unreadable one.

    ``programs`` are rows: the cell, its ``COUNTS``, its ``names`` and ``options`` of
    libraries, its ``shares``, its ``endings`` (statements that return from a role and free
    its memory), and its ``files`` below the implementations root. ``totals`` are the
    ``COUNTS`` of all programs of a stack's variant in one language; shared files count
    once. ``texts`` are the files.
    """
    rows: list[dict[str, Any]] = []
    sources: dict[str, Source] = {}
    refused: dict[str, str] = {}
    for cell in cells:
        try:
            program = read_program(cell.path, cell.search)
        except NoMiddleError as error:
            refused[cell.id] = str(error)
            continue
        rows.append(row(cell, program))
        sources |= {below(source.path, cell): source for source in program.sources}
    texts = {name: source.text for name, source in sources.items()}
    summed = list(_totals(rows, sources))
    return {"programs": rows, "totals": summed, "texts": texts}, refused


def below(path: Path, cell: Cell) -> str:
    """Return a file's path below its implementations root."""
    root = cell.stack.folder.parent.resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name


def row(cell: Cell, program: Program) -> dict[str, Any]:
    """Return the row of one program."""
    counted, known = size_of(program), surface(program)
    return {
        **cell.as_row(),
        "transports": list(cell.transports),
        **{name: asdict(counted)[name] for name in COUNTS},
        "names": list(known.names),
        "options": list(known.options),
        "shares": shares(program),
        "endings": endings(program),
        "files": [below(path, cell) for path in program.files],
    }


def source_of(name: str, text: str) -> Source:
    """Return a kept file as it was read."""
    return READERS[Path(name).suffix](Path(name), text.encode())


@lru_cache(maxsize=256)
def statements_of(name: str, text: str) -> tuple[str, ...]:
    """Return the statements of a file, each as the tokens of its header."""
    source = source_of(name, text)
    return tuple(
        " ".join(token for _, token in source.grammar.leaves(statement.node, header=True))
        for statement in source.grammar.statements(source.tree)
    )


def _totals(
    rows: Iterable[Mapping[str, Any]], sources: Mapping[str, Source]
) -> Iterator[dict[str, Any]]:
    groups: dict[tuple[str, str, str], set[str]] = {}
    for program in rows:
        key = program["stack"], program["variant"], program["language"]
        groups.setdefault(key, set()).update(program["files"])
    for (stack, variant, language), files in groups.items():
        names = sorted(files)
        counted = asdict(size_of(Program(tuple(sources[name] for name in names))))
        yield {
            "stack": stack,
            "variant": variant,
            "language": language,
            "files": names,
            **{name: counted[name] for name in COUNTS},
        }
