"""The subject of a row of a table, in the words by which a reader filters the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from bench.analysis.compared_rows import Comparison
from bench.contract.model import LANGUAGES
from bench.contract.rows import CaseRow, ProgramRow
from bench.report import words

PROGRAM = ("workload", "stack", "variant", "language")
"""The facets that a program has in every table."""
FACETS = (*PROGRAM, "transport", "size", "placement")
"""By what the whole page is filtered."""
OR = "|"
"""Between the words of a row that is about several, as a comparison is."""
FLOOR = "floor"
"""Marks what stands beside programs for reference: alone it is worth no chart."""
COLUMNS = {"size": "size_bytes"}
"""The columns of the tables of ``bench`` that are called otherwise."""


def spoken(facet: str, value: Any, stacks: Mapping[str, Any]) -> str:
    """Return a value of a column as the page writes it."""
    if facet == "workload":
        return words.workload(value)
    if facet == "stack":
        return words.stack(value, stacks)
    if facet == "language":
        return str(value).capitalize()
    if facet == "size":
        return words.size(int(value))
    if facet == "placement":
        return words.PLACEMENTS_SHORT.get(value, str(value))
    return str(value)


def facets(
    about: ProgramRow, stacks: Mapping[str, Any], names: Iterable[str] = FACETS
) -> dict[str, str]:
    """Return by facet what a row is about; what is not told of it is left out."""
    return _facets([about], stacks, names)


def _facets(
    about: Sequence[ProgramRow], stacks: Mapping[str, Any], names: Iterable[str]
) -> dict[str, str]:
    found = {}
    for name in names:
        column = COLUMNS.get(name, name)
        values = [value for one in about if (value := getattr(one, column, ""))]
        if values:
            said = [spoken(name, value, stacks) for value in values]
            found[name] = OR.join(dict.fromkeys(said))
    if all(one.floor for one in about):
        found[FLOOR] = ""
    return found


def every(
    rows: Iterable[ProgramRow],
    stacks: Mapping[str, Any],
    names: Iterable[str] = FACETS,
) -> list[dict[str, str]]:
    """Return the facets of each row of a table."""
    return [facets(row, stacks, names) for row in rows]


def every_pair(
    rows: Iterable[Comparison], stacks: Mapping[str, Any]
) -> list[dict[str, str]]:
    """Return the facets of each comparison: it has two stacks, variants and languages."""
    return [_facets([row.a, row.b], stacks, FACETS) for row in rows]


def program_at(cell: str, transport: str = "") -> CaseRow:
    """Return what a cell's path says of a program: "http/minimal/pipeline.py".

    Without an extension it is a program that does not exist, and has no language.
    """
    stack, variant, file = cell.split("/")
    path = PurePosixPath(file)
    return CaseRow(
        workload=path.stem,
        stack=stack,
        variant=variant,
        language=LANGUAGES.get(path.suffix, path.suffix.removeprefix(".")),
        transport=transport,
    )
