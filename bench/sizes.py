"""The code size of each cell, kept in a run's archive beside what was timed."""

from __future__ import annotations

from collections.abc import Iterable

from bench.archive import Archive
from bench.contract import Cell
from bench.errors import NoMiddleError
from bench.measure.size import size


def add_sizes(archive: Archive, cells: Iterable[Cell]) -> None:
    """Add the code size of every cell that has none there; the null stack has none."""
    for cell in cells:
        if cell.is_floor:
            continue
        suite = archive.suites.get(f"{cell.stack.name}.{cell.variant.name}")
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
            archive.add_run(cell.stack.name, cell.variant.name, [value], metadata)
