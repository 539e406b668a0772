"""Keep the code of each cell and its size in the archive of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.contract.model import Cell
from bench.errors import NoMiddleError
from bench.measure.code.programs import described, exhibits
from bench.measure.code.weight import weigh
from bench.run.archive import CODE, WEIGHTS, Archive
from bench.run.preconditions import require_measurable
from bench.run.profiles import PROFILES
from bench.run.suites import SIZE, suite_of

COUNTS = {"statements": "integer", "tokens": "integer", "gzip_bytes": "byte"}
"""The counts of a program that pyperf's files have, with pyperf's names of units."""


def add_sizes(
    archive: Archive, cells: Iterable[Cell], counted: Mapping[str, Mapping[str, Any]]
) -> None:
    """Add the size of every cell that has none, from rows of ``measure.code.programs``.

    The null stack has no size. A program that cannot be read has none either, and `check`
    shows why.
    """
    for cell in cells:
        if cell.id not in counted:
            continue
        suites = (archive.suites.get(suite_of(cell, what)) for what in (SIZE, ""))
        known = [n for suite in suites if suite for n in suite.get_benchmark_names()]
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
                "duration": 0,  # nothing was timed
                "files": ",".join(
                    file.rsplit("/", 1)[-1] for file in counted[cell.id]["files"]
                ),
            }
            archive.add_run(suite_of(cell, SIZE), [counted[cell.id][count]], metadata)


def add_code(archive: Archive, cells: Sequence[Cell]) -> None:
    """Keep the sizes of these cells, and every program of their stacks as text."""
    code, _ = described(exhibits(cells))
    add_sizes(archive, cells, {row["cell"]: row for row in code["programs"]})
    archive.write(CODE, code)


def add_weights(archive: Archive, cells: Sequence[Cell]) -> None:
    """Keep the weights of these cells' stacks, in profiles only: it takes seconds."""
    if archive.about()["profile"] in PROFILES:
        archive.write(WEIGHTS, weights_of(exhibits(cells)))


def weights_of(cells: Iterable[Cell]) -> dict[str, Any]:
    """Return the weight of each stack that can be started here, by its name."""
    require_measurable()
    weights = {}
    for cell in cells:
        place = cell.variant.name, cell.workload.name, cell.language
        if place == ("minimal", "request_reply", "python"):
            try:
                weights[cell.stack.name] = weigh(cell)
            except NoMiddleError:
                continue  # a package is missing, or it did not pass `check` either
    return weights
