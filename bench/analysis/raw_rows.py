"""Rows as pyperf's files have them, and which of a block's two passes counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from bench.analysis.code_rows import Counts
from bench.analysis.rows import Failure
from bench.run.environment import BlockEnvironment, spoiled_blocks
from bench.run.suites import load_suite

Rows = list[dict[str, Any]]
SIZE_PREFIX = ".size."
ENSEMBLE, WINDOWS = "ensemble", "windows_s"
"""The columns of cases in turns: which others lived beside it, and a value a round."""
MEANS = "window_means_ns"
"""The column of round trips in turns with the mean of each round, as one word."""


def rows_of(suites: Iterable[Path]) -> tuple[Rows, Rows]:
    """Return a row for each run of pyperf: of timed cases, and of sizes."""
    timed: Rows = []
    sized: Rows = []
    for path in suites:
        suite = load_suite(path)
        for benchmark in suite.get_benchmarks():
            name = benchmark.get_name()
            for run in benchmark.get_runs():
                row = {**run.get_metadata(), "value": median(run.values)}
                if ENSEMBLE in row:
                    row[WINDOWS] = run.values
                (sized if SIZE_PREFIX in name else timed).append({**row, "name": name})
    return timed, sized


def kept_repeat(
    block: int,
    trials: pd.DataFrame,
    failures: Iterable[Failure],
    environment: list[BlockEnvironment],
) -> int:
    """Return which pass over a block counts: 1 for its repetition, else 0.

    The repetition does where the first pass was spoiled by the environment, it was not,
    and it is whole. Results have no part in it.
    """
    if ENSEMBLE in trials:  # its rounds were repeated instead
        return 0
    tried: tuple[set[str], set[str]] = (set(), set())
    mine = trials[trials["block"] == block]
    for repeat, cases in enumerate(tried):
        cases |= set(mine.loc[mine["repeat"] == repeat, "case"])
        cases |= {f.case for f in failures if (f.block, f.repeat) == (block, repeat)}
    first, again = tried
    spoiled = block in spoiled_blocks(environment, 0)
    good = bool(again) and again >= first and block not in spoiled_blocks(environment, 1)
    return int(spoiled and good)


def sizes_of(rows: Rows) -> dict[str, Counts]:
    """Return what was counted of each program, from its rows."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        kind = row["name"].split(SIZE_PREFIX)[1].split(".")[0]
        counted = found.setdefault(row["cell"], {"files": row["files"]})
        counted["gzip_bytes" if kind == "gzip" else kind] = int(row["value"])
    return {cell: Counts(**counted) for cell, counted in found.items()}


def counted_flags(ensemble: Mapping[str, Any]) -> list[list[str]]:
    """Return the flags of each round that counts: of a round made again, of the second."""
    found: dict[int, list[str]] = {}
    for number, why in zip(ensemble["number"], ensemble["flags"], strict=True):
        found[number] = why  # repetitions follow all others
    return list(found.values())


def apart(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows without a fault and those with one."""
    faulty = table["fault"] != ""
    return table[~faulty], table[faulty]


def own_columns(trials: pd.DataFrame) -> pd.DataFrame:
    """Return trials without the columns that only the other kind of trial has."""
    return trials.dropna(axis="columns", how="all") if len(trials) else trials


def fill(table: pd.DataFrame, column: str, value: Any) -> None:
    """Give a column that runs of an earlier version lack its one value there."""
    table[column] = table[column].fillna(value) if column in table else value
