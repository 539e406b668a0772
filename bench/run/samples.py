"""Samples as a run keeps them: arrays in .npz files, in few bytes.

A compressor finds more in the bytes of one rank of all numbers than in one number after the
other: the high ones hardly change. So a column of an array is a number, and a row has the
bytes of one rank, the lowest first:

<role>             8 rows: a time in nanoseconds
<role>.history     of a recovery, a column for each message in the order in which they were
                   due: 8 rows for when it was due, after the one before it (the first: from
                   the fault), 8 rows for when it arrived after that, in nanoseconds, or
                   ``NEVER_ARRIVED_NS``, and a row for its class

While a run lasts each trial has a file. A finished run has a file for each suite of pyperf,
in which an array has the columns of one trial after the other:

trials             the names of the trials, see ``trial_name``
counts             a row for each array, in the order of their names: how many columns of it
                   each trial has, -1 where the trial has no such array

Early runs have a file for each trial, with plain numbers, and ``.due``, ``.arrived`` and
``.state`` apart.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.errors import ResultsError
from bench.measure.recovery import NEVER_ARRIVED_NS
from bench.run.schedule import block_name

Samples = Mapping[str, NDArray[np.int64]]
Kept = dict[str, NDArray[np.uint8]]
NUMBER, BYTES = np.dtype("<i8"), 8
FOLDER = "samples"
TRIALS, COUNTS = "trials", "counts"
HISTORY = ".history"
DUE, ARRIVED, STATE = ".due", ".arrived", ".state"


def ranked(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return numbers of shape (n,) as their bytes by rank, of shape (8, n)."""
    stored = np.ascontiguousarray(numbers, dtype=NUMBER)
    return np.ascontiguousarray(stored.view(np.uint8).reshape(len(stored), BYTES).T)


def numbered(rows: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return the numbers of bytes by rank, the inverse of ``ranked``."""
    stored = np.ascontiguousarray(rows.T).view(NUMBER)
    return stored.reshape(rows.shape[1]).astype(np.int64)


def packed(samples: Samples) -> Kept:
    """Return what is kept of a trial's samples, by name."""
    made: Kept = {}
    for name, numbers in samples.items():
        line = name.removesuffix(DUE)
        if line != name:
            arrived, state = samples[line + ARRIVED], samples[line + STATE]
            late = np.where(
                arrived == NEVER_ARRIVED_NS, NEVER_ARRIVED_NS, arrived - numbers
            )
            steps = np.diff(numbers, prepend=0)
            made[line + HISTORY] = np.vstack(
                [ranked(steps), ranked(late), state.astype(np.uint8)]
            )
        elif not name.endswith((ARRIVED, STATE)):
            made[name] = ranked(numbers)
    return made


def unpacked(stored: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Return a trial's samples from what a run keeps, or kept before, of them."""
    made: dict[str, NDArray[Any]] = {}
    for name, rows in stored.items():
        line = name.removesuffix(HISTORY)
        if line != name:
            due = np.cumsum(numbered(rows[:BYTES]))
            late = numbered(rows[BYTES:-1])
            made[line + DUE] = due
            made[line + ARRIVED] = np.where(
                late == NEVER_ARRIVED_NS, NEVER_ARRIVED_NS, due + late
            )
            made[line + STATE] = rows[-1].astype(np.int64)
        else:
            made[name] = numbered(rows) if rows.ndim > 1 else rows
    return made


def trial_name(case: str, block: int, repeat: int) -> str:
    """Return what a trial is called: its case and its block."""
    return f"{case}.{block_name(block, repeat)}"


def joined(trials: Mapping[str, Kept]) -> dict[str, NDArray[Any]]:
    """Return the arrays of many trials as one file keeps them."""
    names = sorted({name for arrays in trials.values() for name in arrays})
    counts = [
        [arrays[name].shape[1] if name in arrays else -1 for arrays in trials.values()]
        for name in names
    ]
    made = {
        name: np.hstack([arrays[name] for arrays in trials.values() if name in arrays])
        for name in names
    }
    return {TRIALS: np.array(list(trials)), COUNTS: np.array(counts), **made}


def parted(stored: Mapping[str, NDArray[Any]]) -> dict[str, Kept]:
    """Return the arrays of each trial, the inverse of ``joined``."""
    made: dict[str, Kept] = {str(trial): {} for trial in stored[TRIALS]}
    names = sorted(stored.keys() - {TRIALS, COUNTS})
    for name, counts in zip(names, stored[COUNTS].tolist(), strict=True):
        end = 0
        for arrays, count in zip(made.values(), counts, strict=True):
            if count >= 0:
                arrays[name] = stored[name][:, end : end + count]
                end += count
    return made


def file_name(name: str) -> str:
    """Return where in a run's folder the samples of a trial, or a suite, are."""
    return f"{FOLDER}/{name}.npz"


def read_file(path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a file of samples."""
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def save(folder: Path, trial: str, samples: Samples) -> None:
    """Keep the samples of a trial in a file of its own."""
    np.savez_compressed(folder / file_name(trial), allow_pickle=False, **packed(samples))


def join_files(folder: Path, suite: str, runs: Iterable[Mapping[str, Any]]) -> None:
    """Put the samples of a suite's trials into one file.

    ``runs`` are the metadata of the trials. A kill loses nothing: the next call goes on.
    """
    names = [trial_name(run["case"], run["block"], run["repeat"]) for run in runs]
    paths = {name: folder / file_name(name) for name in names}
    apart = {name: path for name, path in paths.items() if path.exists()}
    if not apart:
        return
    whole, partial = folder / file_name(suite), folder / file_name(f".{suite}")
    before = parted(read_file(whole)) if whole.exists() else {}
    trials = {**before, **{name: read_file(path) for name, path in apart.items()}}
    np.savez_compressed(partial, allow_pickle=False, **joined(trials))
    os.replace(partial, whole)
    for path in apart.values():
        path.unlink()


class SampleReader:
    """Reads the samples of a finished run, the file of a suite once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.suites: dict[Path, dict[str, Kept]] = {}

    def of(self, run: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
        """Return the samples of a trial by its metadata.

        Raises ResultsError if the trial wrote another file.
        """
        path = self.folder / run["samples"]
        if isinstance(run.get("samples_sha256"), str):  # an early run, a file each
            if hashlib.sha256(path.read_bytes()).hexdigest() != run["samples_sha256"]:
                raise ResultsError(f"{path} was changed after the run: restore it")
            return unpacked(read_file(path))
        if path not in self.suites:
            self.suites[path] = parted(read_file(path))
        name = trial_name(run["case"], int(run["block"]), int(run["repeat"]))
        return unpacked(self.suites[path][name])
