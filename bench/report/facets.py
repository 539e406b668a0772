"""What a row of a table is about, in the words by which a reader filters the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from bench.charts import words
from bench.contract import LANGUAGES

PROGRAM = ("workload", "stack", "variant", "language")
"""What a program is; it has these whatever was done with it."""
FACETS = (*PROGRAM, "transport", "size", "placement")
"""By what the whole page is filtered."""
OR = "|"
"""Between the words of a row that is about several, as a comparison is."""
SIDES = ("_a", "_b")
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
    row: Mapping[str, Any], stacks: Mapping[str, Any], names: Iterable[str] = FACETS
) -> dict[str, str]:
    """Return by facet what a row is about; what it has no column for is left out.

    A comparison has its two stacks, variants and languages in columns of their own.
    """
    found = {}
    for name in names:
        column = COLUMNS.get(name, name)
        sides = [f"{column}{side}" for side in SIDES if f"{column}{side}" in row]
        values = [row[one] for one in sides or [column] if one in row]
        if values:
            said = [spoken(name, value, stacks) for value in values]
            found[name] = OR.join(dict.fromkeys(said))
    if row.get(FLOOR):
        found[FLOOR] = ""
    return found


def every(
    rows: Iterable[Mapping[str, Any]],
    stacks: Mapping[str, Any],
    names: Iterable[str] = FACETS,
) -> list[dict[str, str]]:
    """Return the facets of each row of a table."""
    return [facets(row, stacks, names) for row in rows]


def columns_of(cell: str) -> dict[str, str]:
    """Return what a cell's path says, as columns: "http/minimal/pipeline.py".

    Without an extension it is a program that does not exist, and has no language.
    """
    stack, variant, file = cell.split("/")
    path = PurePosixPath(file)
    found = {"stack": stack, "variant": variant, "workload": path.stem}
    if path.suffix:
        found["language"] = LANGUAGES.get(path.suffix, path.suffix.removeprefix("."))
    return found
