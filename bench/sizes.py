"""The code of each cell and its size, kept in a run's archive beside what was timed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.archive import CODE, WEIGHTS, Archive, suite_of
from bench.contract import Cell
from bench.errors import NoMiddleError
from bench.measure.weight import weigh
from bench.processes import require_linux
from bench.profiles import PROFILES
from bench.programs import described, exhibits

COUNTS = {"statements": "integer", "tokens": "integer", "gzip_bytes": "byte"}
"""What of a program is in pyperf's files, with pyperf's names of units."""


def add_sizes(
    archive: Archive, cells: Iterable[Cell], counted: Mapping[str, Mapping[str, Any]]
) -> None:
    """Add the size of every cell that has none there, from rows of ``bench.programs``.

    The null stack has none, nor has what cannot be read: that did not pass `check` either,
    which says why.
    """
    for cell in cells:
        if cell.id not in counted:
            continue
        suite = archive.suites.get(suite_of(cell))
        known = suite.get_benchmark_names() if suite else []
        for count, unit in COUNTS.items():
            name = count.removesuffix("_bytes")
            full_name = f"{cell.workload.name}.size.{name}.{cell.language}"
            if full_name in known:
                continue
            metadata = {
                "name": full_name,
                "unit": unit,
                "case": cell.id,
                "cell": cell.id,
                "block": 0,
                "files": ",".join(
                    file.rsplit("/", 1)[-1] for file in counted[cell.id]["files"]
                ),
            }
            archive.add_run(suite_of(cell), [counted[cell.id][count]], metadata)


def add_code(archive: Archive, cells: Sequence[Cell]) -> None:
    """Keep the sizes of these cells, and every program of their stacks as text."""
    code, _ = described(exhibits(cells))
    add_sizes(archive, cells, {row["cell"]: row for row in code["programs"]})
    archive.write(CODE, code)


def add_weights(archive: Archive, cells: Sequence[Cell]) -> None:
    """Keep what the stacks of these cells weigh; it takes seconds, so in profiles only."""
    if archive.about()["profile"] in PROFILES:
        archive.write(WEIGHTS, weights_of(exhibits(cells)))


def weights_of(cells: Iterable[Cell]) -> dict[str, Any]:
    """Return the weight of each stack, by its name; of those that can be started here."""
    require_linux()
    weights = {}
    for cell in cells:
        place = cell.variant.name, cell.workload.name, cell.language
        if place == ("minimal", "request_reply", "python"):
            try:
                weights[cell.stack.name] = weigh(cell)
            except NoMiddleError:
                continue  # a package is missing, or it did not pass `check` either
    return weights
