"""The same software on every host, or no run.

``python -m bench.sites.alike NAME...`` prints the versions of some software as JSON. Agents
run it as an errand, because they load no packages themselves.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from bench.contract.model import Cell
from bench.errors import NotMeasurable
from bench.trial.build import COMPILER
from bench.trial.versions import IN_C, NATIVE, PYTHON, version_of

if TYPE_CHECKING:
    from bench.sites.far import Far

MODULE = "bench.sites.alike"
VERSIONS_S = 60.0
HARNESS = "harness"
"""The name of this machine beside those of hosts."""
MISSING = "missing"

Versions = Mapping[str, str | None]


def names_behind(cells: Iterable[Cell]) -> list[str]:
    """Return the names of the software that programs use, Python's first."""
    names: dict[str, None] = {PYTHON: None}
    for cell in cells:
        if cell.language == "c":
            names |= dict.fromkeys([COMPILER, *(n + IN_C for n in cell.stack.c_libraries)])
        names |= dict.fromkeys(cell.requirements)
        if "pyzmq" in cell.requirements:
            names |= dict.fromkeys(NATIVE)
    return list(names)


def refuse_unlike(names: Iterable[str], sites: Iterable[Far]) -> None:
    """Raise NotMeasurable with a table if a version differs between hosts and here.

    A run says of each number which versions made it. So a distribution that is missing
    everywhere is no difference.
    """
    wanted = list(names)
    found: dict[str, Versions] = {HARNESS: {name: version_of(name) for name in wanted}}
    for site in sites:
        said = site.ask("run", VERSIONS_S, module=MODULE, words=wanted)
        found[site.name] = json.loads(said)
    refuse_differing(wanted, found)


def refuse_differing(names: Iterable[str], found: Mapping[str, Versions]) -> None:
    """Raise NotMeasurable with a table if one of these versions differs in ``found``."""
    if differing := [n for n in names if len({has[n] for has in found.values()}) > 1]:
        raise NotMeasurable(
            "versions differ between hosts; install the same everywhere, from one list "
            f"such as constraints.txt:\n{table(differing, found)}"
        )


def table(names: Iterable[str], found: Mapping[str, Versions]) -> str:
    """Return versions as lines: a row for each name, a column for each host."""
    rows = [["", *found]]
    rows += [[name, *(has[name] or MISSING for has in found.values())] for name in names]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


if __name__ == "__main__":
    print(json.dumps({name: version_of(name) for name in sys.argv[1:]}))  # noqa: T201
