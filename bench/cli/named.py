"""Programs by the names that a person sees on charts and pages, beside those of files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatch

from bench.contract.alike import compared_with
from bench.contract.find import choose, stack_names
from bench.contract.model import IMPLEMENTATIONS, Cell
from bench.contract.rows import program_row
from bench.errors import UsageError, near
from bench.report import words


def chosen(cells: Sequence[Cell], typed: Sequence[str]) -> list[Cell]:
    """Return the programs that a user names; all of them if nothing was typed.

    A name is a pattern of paths ("zmq/*"), a stack ("ZeroMQ", "zmq"), a program as charts
    call it ("HTTP (aiohttp)"), or a workload ("Fan-out"). Raises UsageError for a name that
    fits nothing, or programs of two stacks with one label.
    """
    if not typed:
        return list(cells)
    wanted = [name for word in typed for name in _patterns(word, cells)]
    return choose(cells, wanted)


def beside(cells: Sequence[Cell], stacks: Sequence[str]) -> tuple[list[Cell], list[str]]:
    """Return the programs of stacks with all that they are compared with, and their names.

    These are the project's own programs of the same promises. ``stacks`` are as a user
    types them. Raises UsageError for a stack that does not exist.
    """
    names = stack_names(stacks, cells)
    rows = {cell.id: program_row(cell.as_row()) for cell in cells}
    mine = [rows[cell.id] for cell in cells if cell.stack.name in names]
    own = [cell for cell in cells if cell.stack.folder.parent == IMPLEMENTATIONS]
    wanted = {row.cell for row in (*mine, *compared_with(mine, [rows[c.id] for c in own]))}
    return [cell for cell in cells if cell.id in wanted], sorted(names)


def _patterns(word: str, cells: Sequence[Cell]) -> list[str]:
    """Return the ids of the programs that a name means, or the pattern itself."""
    if any(fnmatch(cell.id, word) for cell in cells):
        return [word]
    meant = [(cell, name) for cell in cells for name in _names(cell)]
    found = [cell for cell, name in meant if name.casefold() == word.casefold()]
    if not found:
        known = [*dict.fromkeys(name for _, name in meant), *(cell.id for cell in cells)]
        raise UsageError(
            f"no program matches {word!r}{near(word, known)}; see `nomiddle list`"
        )
    stacks = {cell.stack.name for cell in found if _of_a_stack(cell, word)}
    if len(stacks) > 1:
        folders = sorted(stacks)
        raise UsageError(
            f"{word!r} is the label of programs of the stacks {' and '.join(folders)}: "
            f"write {' or '.join(repr(f'{name}/*') for name in folders)}"
        )
    return [cell.id for cell in found]


def _of_a_stack(cell: Cell, word: str) -> bool:
    """Say whether a name is of a program or its stack, and not of a workload."""
    return word.casefold() != words.workload(cell.workload.name).casefold()


def _names(cell: Cell) -> Iterator[str]:
    """Yield all names of a program that a person may have seen."""
    row = program_row(cell.as_row())
    label = cell.stack.label
    yield label
    yield cell.stack.name
    yield words.cell(row, {cell.stack.name: {"label": label}})
    yield words.workload(cell.workload.name)
    if cell.language == words.PYTHON:
        yield f"{label} ({cell.variant.name})"
