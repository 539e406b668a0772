"""The declared comparisons of a run: written down before it is made."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from bench.contract.alike import alike, what_separates
from bench.contract.model import APART, IMPLEMENTATIONS
from bench.contract.rows import case_named, original_name
from bench.errors import UsageError
from bench.run.plan import APART_FROM, goes_apart

FILE = Path(__file__).with_name("declared.toml")
CLAIMS = "claims"
"""The entry of run.json with the declared comparisons."""
MOST = 25
"""With ten blocks, a family of more comparisons has no test at 5 % (docs/method.md)."""

Declared = tuple[str, str, str]
"""The name of a case, and the keys of the two cells, first over second."""


def read_declared(path: Path = FILE) -> list[Declared]:
    """Return the declared comparisons, in order.

    Raises UsageError for a file that does not follow its own comment.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["comparisons"]
        declared = [
            (str(case), str(first), str(second))
            for entry in entries
            for case in entry["cases"]
            for first, second in entry["pairs"]
        ]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} declares no comparisons: {error}") from error
    if len(declared) > MOST or len(set(declared)) < len(declared):
        raise UsageError(
            f"{path} declares {len(declared)} comparisons; at most {MOST}, each once"
        )
    refuse_unlike(path, declared)
    return declared


def refuse_unlike(path: Path, declared: Collection[Declared]) -> None:
    """Raise UsageError if the programs of a comparison make different promises in its case.

    Comparisons of programs that are not here are ignored.
    """
    from bench.contract.find import (
        find_cells,  # a run that declared its comparisons needs no cells
    )

    cells = {(cell.workload.name, cell.key): cell for cell in find_cells([IMPLEMENTATIONS])}
    for case, first, second in declared:
        try:
            row = case_named(case)
        except ValueError as error:
            raise UsageError(
                f"{path}: {case!r} is not the name of a case; copy a name from run.json"
            ) from error
        pair = [cells.get((row.workload, key)) for key in (first, second)]
        if None in pair:
            continue
        a, b = (replace(row, **cell.as_row()) for cell in pair if cell)
        if not alike(a, b):
            why = what_separates(a, b, (first, second))
            raise UsageError(f"{path}: {case} cannot be declared: {why}")


@cache
def fastest(path: Path = FILE) -> Mapping[str, str]:
    """Return the key of HTTP's fastest program in each workload, by an earlier run."""
    named = tomllib.loads(path.read_text(encoding="utf-8")).get("fastest", {})
    return {str(workload): str(key) for workload, key in named.items()}


def rests_on(name: str, copy: int, key: str, declared: Collection[Declared]) -> bool:
    """Return whether a declared comparison needs a case or its A/A copy."""
    original = original_name(name, copy)
    return any(original == pair[0] and key in pair[1:] for pair in declared)


def with_apart(declared: Collection[Declared]) -> list[Declared]:
    """Return declared comparisons, and those that a run on several hosts declares too."""
    found = list(declared)
    for name, first, second in declared:
        row = case_named(name)
        if goes_apart(row):
            found.append((placed(name, APART_FROM, APART), first, second))
    return found


def placed(name: str, placement: str, other: str) -> str:
    """Return the name of a case of one placement as that of the case in another."""
    return ".".join(other if part == placement else part for part in name.split("."))


def declarations(about: Mapping[str, Any]) -> set[Declared]:
    """Return the comparisons that a run declared, or today's for an earlier version."""
    kept = about.get(CLAIMS)
    return set(read_declared() if kept is None else map(tuple, kept))
