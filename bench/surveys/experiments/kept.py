"""reports/experiments.json: what experiments have found, block by block."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bench.analysis.stats import Interval, median_interval
from bench.surveys import document
from bench.surveys.experiments.experiment import Experiment, Values

FILE = "experiments.json"
FORMAT = 1
Row = dict[str, Any]


def read(path: Path) -> Row | None:
    """Return the document, or None if there is none. Raises ResultsError if damaged."""
    return document.read(
        path, lambda made: [*map(list, map(numbers, rows(made)))], "experiments"
    )


def rows(made: Mapping[str, Any] | None) -> list[Row]:
    """Return what is known of each experiment that has finished a block."""
    return [
        {"name": name, **row}
        for name, row in sorted((made or {"experiments": {}})["experiments"].items())
        if row["blocks"]
    ]


def described(experiment: Experiment) -> Row:
    """Return what a reader has to know of an experiment, without its code."""
    return {
        "asks": experiment.asks,
        "control": experiment.control,
        "profile": experiment.profile,
        "program": experiment.program,
        "subjects": dict(experiment.subjects),
        "quantities": {
            name: {"unit": quantity.unit, "says": quantity.says}
            for name, quantity in experiment.quantities.items()
        },
    }


def plain(values: Values) -> dict[str, dict[str, float | None]]:
    """Return values as JSON can hold them: null is a time that was never reached."""
    return {
        quantity: {subject: None if math.isinf(v) else v for subject, v in found.items()}
        for quantity, found in values.items()
    }


def numbers(row: Mapping[str, Any]) -> Iterator[tuple[str, str, Interval]]:
    """Yield quantity, subject, and the median over blocks with its interval.

    A subject that some block lacks is left out of all: its blocks would not be the others'.
    """
    for quantity in row["quantities"]:
        for subject in row["subjects"]:
            found = [block.get(quantity, {}).get(subject, ...) for block in row["blocks"]]
            if ... not in found:
                whole = [math.inf if value is None else float(value) for value in found]
                yield quantity, subject, median_interval(whole)
