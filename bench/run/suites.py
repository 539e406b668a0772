"""The suites of pyperf in a run's folder: their names, and reading them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pyperf

from bench.contract.model import Cell
from bench.errors import ResultsError

RECOVERY, SIZE = "recovery", "size"


def suite_of(cell: Cell, what: str = "") -> str:
    """Return the name of the suite that holds a cell's values.

    ``what`` is RECOVERY for outages, SIZE for sizes. pyperf makes one geometric mean of all
    benchmarks that two suites share, and a mean of outages and latencies has no meaning.
    Names of benchmarks do not contain stack, variant, language and event loop, so that
    pyperf compares them. So each of these has its own suite.
    """
    name = f"{cell.stack.name}.{cell.variant.name}"
    in_python = cell.language == "python"
    further = [*([] if in_python else [cell.language]), *([cell.loop] if cell.loop else [])]
    return ".".join([name, *further, *([what] if what else [])])


def load_suite(path: Path) -> pyperf.BenchmarkSuite:
    """Read a file of pyperf. Raises ResultsError for another file."""
    try:
        return pyperf.BenchmarkSuite.load(str(path))
    except Exception as error:  # pyperf raises whatever its parser raises
        raise ResultsError(f"{path} is not a pyperf file, or damaged: {error}") from error


def is_whole(run: pyperf.Run, ensembles: Collection[str]) -> bool:
    """Return whether a run is none of an ensemble, or of one of these."""
    ensemble = run.get_metadata().get("ensemble")
    return ensemble is None or ensemble in ensembles
