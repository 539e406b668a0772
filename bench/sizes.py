"""The code of each cell and its size, kept in a run's archive beside what was timed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bench.archive import CODE, WEIGHTS, Archive, suite_of
from bench.contract import Cell
from bench.errors import NoMiddleError
from bench.measure.size import size
from bench.measure.weight import weigh
from bench.processes import require_linux
from bench.profiles import PROFILES
from bench.programs import described, exhibits


def add_sizes(archive: Archive, cells: Iterable[Cell]) -> None:
    """Add the code size of every cell that has none there; the null stack has none."""
    for cell in cells:
        if cell.is_floor:
            continue
        suite = archive.suites.get(suite_of(cell))
        known = suite.get_benchmark_names() if suite else []
        try:
            counted = size(cell.path, cell.search)
        except NoMiddleError:
            continue  # it did not pass `check` either, which says why
        for name, unit, value in (
            ("statements", "integer", counted.statements),
            ("tokens", "integer", counted.tokens),
            ("gzip", "byte", counted.gzip_bytes),
        ):
            full_name = f"{cell.workload.name}.size.{name}.{cell.language}"
            if full_name in known:
                continue
            metadata = {
                "name": full_name,
                "unit": unit,
                "case": cell.id,
                "cell": cell.id,
                "block": 0,
                "files": ",".join(path.name for path in counted.files),
            }
            archive.add_run(suite_of(cell), [value], metadata)


def add_code(archive: Archive, cells: Sequence[Cell]) -> None:
    """Keep the sizes of these cells, and every program of their stacks as text."""
    add_sizes(archive, cells)
    code, _ = described(exhibits(cells))
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
