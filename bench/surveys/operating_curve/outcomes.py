"""Rows of the document: what ``compare`` and the intervals of one pair of runs found.

The pair counts several times. As it is, no program has changed, and ``compare`` should find
nothing. With a program that has more work in place of the original in the new run, it
should find that one. The analysis is that of ``compare``, and reads the runs' own files.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.analysis.compared_rows import Change
from bench.analysis.paired import Paired, paired
from bench.analysis.results import Run, load
from bench.analysis.rounds import ratio_of_blocks
from bench.analysis.rows import grouped
from bench.analysis.side import Side
from bench.analysis.stats import Interval, bounds, verdict
from bench.analysis.two_runs import TwoRuns
from bench.contract.rows import CaseRow
from bench.errors import ResultsError
from bench.surveys.operating_curve.make import Series
from bench.surveys.operating_curve.series import (
    BETWEEN_RUNS,
    CHANGED,
    CHANGED_KEY,
    COPY,
    WORK,
    copy_with,
    planned_runs,
)

Row = dict[str, Any]
DIGITS = 5


@dataclass(frozen=True)
class Outcomes:
    """The rows of a series, and why pairs are left out.

    ``rows`` are of pairs. ``joined`` are of two pairs each, as if the runs of both were one
    with twice the blocks.
    """

    rows: list[Row]
    joined: list[Row]
    left_out: list[str]


def outcomes(series: Series, pairs: int) -> Outcomes:
    """Return what was found in so many pairs, as far as both runs of a pair are made."""
    found = Outcomes([], [], [])
    known: dict[int, tuple[Run, Run]] = {}
    by_pair = grouped(planned_runs(pairs, series.seed), lambda run: run.pair)
    for pair, runs in sorted(by_pair.items()):
        old, new = sorted(runs, key=lambda run: run.is_new)
        if not (series.has(old) and series.has(new)):
            continue
        try:
            known[pair] = _whole(series.folder_of(old)), _whole(series.folder_of(new))
        except ResultsError as error:
            found.left_out.append(f"pair {pair + 1}: {error}")
            continue
        about = {"pair": pair + 1, "busy": [old.busy, new.busy]}
        found.rows.append({**about, **outcome(*known[pair])})
        if pair % 2 and pair - 1 in known:
            both = map(joined, known[pair - 1], known[pair])
            found.joined.append({"pairs": [pair, pair + 1], **between(*both)})
    return found


def _whole(folder: Path) -> Run:
    """Return a run. Raises ResultsError if it lacks a value."""
    run = load(folder)
    for failure in run.failures:
        raise ResultsError(f"{run.name} lacks {failure.case}: {failure.reason}")
    return run


def outcome(old: Run, new: Run) -> Row:
    """Return what is found in a pair: between its runs, in each, and in both together."""
    return {
        **between(old, new),
        "within": {"old": _within(old), "new": _within(new)},
        "both": {str(more): _both(old, new, more) for more in WORK},
    }


def between(old: Run, new: Run) -> Row:
    """Return what ``compare`` finds between two runs, as they are and with more work."""
    there = Side.of(as_if(old))
    same = TwoRuns(Side.of(as_if(new)), there)
    changed = {more: _changed(new, there, more) for more in BETWEEN_RUNS}
    return {
        "alarms": [row.case.key for row in same.slower],
        "same": [_change(row) for row in same.cases],
        "changed": {str(more): _change(row) for more, row in changed.items()},
    }


def joined(first: Run, second: Run) -> Run:
    """Return two runs of one plan as one that has the blocks of both."""

    def both(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
        later = theirs.assign(block=theirs["block"] + ours["block"].max() + 1)
        return pd.concat([ours, later], ignore_index=True)

    trials, every = both(first.trials, second.trials), both(first.every, second.every)
    return replace(first, trials=trials, every=every)


def as_if(run: Run, more: int = 0) -> Run:
    """Return a run as if the changed program had so much more work, and were alone.

    The cases with more work are left out, but for the one that takes its place.
    """
    original, player = (_of_changed(run, copy) for copy in (0, copy_with(more)))
    slowed = {case.id for case in run.cases.values() if case.copy > COPY}
    left_out = (slowed | {original.id}) - {player.id}
    cells = {**run.about["cells"]}
    if more:
        cells[CHANGED] = f"with {more} % more work"

    def played(trials: pd.DataFrame) -> pd.DataFrame:
        kept = trials[~trials["case"].isin(left_out)]
        return kept.assign(case=kept["case"].replace(player.id, original.id))

    return replace(
        run,
        about={**run.about, "cells": cells},
        cases={name: case for name, case in run.cases.items() if name not in slowed},
        trials=played(run.trials),
        every=played(run.every),
    )


def _of_changed(run: Run, copy: int) -> CaseRow:
    return next(
        case for case in run.cases.values() if (case.cell, case.copy) == (CHANGED, copy)
    )


def _changed(new: Run, there: Side, more: int) -> Change:
    """Return what ``compare`` says of the program that has more work in the new run."""
    two = TwoRuns(Side.of(as_if(new, more)), there)
    return next(row for row in two.cases if row.case.cell == CHANGED)


def _change(row: Change) -> Row:
    made = Interval(row.ratio, row.low, row.high, row.confidence, row.blocks_here)
    found = _interval(row.case.key, made)
    return {**found, "verdict": str(row.verdict), "reference": row.reference}


def _within(run: Run) -> Row:
    """Return the A/A copies of a run, and more work, each beside the original."""
    work = {str(more): _judged(CHANGED_KEY, _beside(run, more).interval) for more in WORK}
    return {"copies": list(_copies(run)), "work": work}


def _copies(run: Run) -> Iterator[Row]:
    for case in run.cases.values():
        if case.copy == COPY:
            found = _paired(run, case.id, case.original_id)
            yield _judged(case.key, found.interval)


def _both(old: Run, new: Run, more: int) -> Row:
    """Return the program with more work over the original, in the blocks of both runs.

    They are as many as those of ``standard``.
    """
    logs = [_beside(run, more).logs for run in (old, new)]
    return _judged(CHANGED_KEY, ratio_of_blocks(np.concatenate(logs)))


def _beside(run: Run, more: int) -> Paired:
    slowed, original = (_of_changed(run, copy).id for copy in (copy_with(more), 0))
    return _paired(run, slowed, original)


def _paired(run: Run, case_a: str, case_b: str) -> Paired:
    found = paired(run, case_a, case_b)
    if found is None:
        raise ResultsError(f"{run.name} has no block with both {case_a} and {case_b}")
    return found


def _judged(program: str, found: Interval) -> Row:
    return {**_interval(program, found), "verdict": str(verdict(found))}


def _interval(program: str, found: Interval) -> Row:
    """Return an interval as JSON can hold it: null where there are too few blocks."""
    low, high = bounds(found)
    numbers = {"ratio": found.estimate, "low": low, "high": high}
    kept = {
        name: round(value, DIGITS) if math.isfinite(value) else None
        for name, value in numbers.items()
    }
    return {"program": program, **kept, "confidence": round(found.confidence, DIGITS)}
