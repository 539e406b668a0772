"""The one boundary between raw files and everything derived from them.

``load`` reads a run's folder into tidy tables; nothing downstream opens a raw file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench import archive as archives
from bench.archive import Archive, load_suite, verify
from bench.claims import claims_of, rests_on
from bench.environment import BlockEnvironment, spoiled_blocks
from bench.errors import ResultsError
from bench.extension import Decision
from bench.measure.response import GIVEN, generator_is_limit

SIZE_PREFIX = ".size."
NO_CODE: dict[str, Any] = {"programs": [], "totals": [], "texts": {}}

NO_VALUES = pd.Series(dtype=float, index=pd.Index([], name="block", dtype=int))


@dataclass(frozen=True)
class Run:
    """One run, read.

    ``about``     run.json: profile, seed, machine, versions, stacks, start
    ``cases``     one row per planned case, the columns of ``run.case_table``, indexed
                  by case id
    ``trials``    one row per trial with a value: ``case``, ``block``, ``repeat``,
                  ``position``, ``value_s``, counts, ``p50_ns`` and so on, costs per role;
                  of a block that was repeated, those of ``kept_repeat``
    ``every``     all trials, those of spoiled blocks and of their repetition
    ``recovery_cases``, ``recovery``  the same of failure recovery, kept apart: their
                  values are outages, and their trials no blocks
    ``failures``  one row per trial or case without one: ``case``, ``block``, ``repeat``,
                  ``reason``
    ``checks``    one row per cell and transport: ``passed``, ``reason``, ``losses``
    ``trimmed``   blocks of each case that a budget left, empty without one
    ``sizes``     one row per cell: ``statements``, ``tokens``, ``gzip_bytes``
    ``code``      the programs of the stacks, as ``bench.programs`` describes them; of a
                  run of an earlier version none
    ``weights``   what each stack weighs, as ``bench.measure.weight`` says, by its name
    ``environment``  what the machine did during each block, in order
    ``extension``  whether claims were given further blocks, None where none was declared
    """

    folder: Path
    about: dict[str, Any]
    cases: pd.DataFrame
    trials: pd.DataFrame
    every: pd.DataFrame
    recovery_cases: pd.DataFrame
    recovery: pd.DataFrame
    failures: pd.DataFrame
    checks: pd.DataFrame
    sizes: pd.DataFrame
    trimmed: dict[str, int]
    timing: list[dict[str, float]]
    environment: list[BlockEnvironment]
    extension: Decision | None
    code: dict[str, Any]
    weights: dict[str, dict[str, Any]]

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def replaced(self) -> list[int]:
        """The blocks whose repetition stands for them, in order."""
        return sorted(set(self.trials.loc[self.trials["repeat"] > 0, "block"]))

    @property
    def refused(self) -> dict[str, str]:
        """Why cases have no result although nothing failed, by case id.

        They were left out to keep a budget, or are open loops whose generator was too slow.
        """
        left_out = {
            case: "left out to keep the budget"
            for case, blocks in self.trimmed.items()
            if not blocks
        }
        return {**left_out, **self._open_loops_refused()}

    def _open_loops_refused(self) -> dict[str, str]:
        if "lag_p99_ns" not in self.trials:
            return {}
        open_loop = self.trials[self.trials["lag_p99_ns"].notna()]
        columns = ["lag_p99_ns", "p50_ns", "generator_share"]
        medians = open_loop.groupby("case")[columns].median()
        return {
            str(case): "refused: the generator is the limit, "
            f"{row['lag_p99_ns'] / 1e3:,.0f} us late at p99, "
            f"{100 * row['generator_share']:.0f} % of the time between messages its own"
            for case, row in medians.iterrows()
            if generator_is_limit(*row[columns])
        }

    def first_pass(self) -> Run:
        """Return the run as it was measured first, spoiled blocks and all."""
        return replace(self, trials=self.every[self.every["repeat"] == 0])

    def values_s(self, case: str) -> pd.Series[float]:
        """Return a case's values in seconds, by block."""
        return self._values_s.get(case, NO_VALUES)

    @cached_property
    def _values_s(self) -> dict[str, pd.Series[float]]:
        ordered = self.trials.set_index("block").sort_index()
        return {str(case): rows for case, rows in ordered.groupby("case")["value_s"]}

    def samples_ns(self, case: str) -> NDArray[np.int64]:
        """Return every latency sample of a case over all blocks, in nanoseconds.

        Of open loops, those from the intended time.

        Raises ResultsError when a file is not the one that the trial wrote.
        """
        parts = list(self.samples_by_trial(case))
        return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)

    def samples_by_trial(self, case: str) -> Iterator[NDArray[np.int64]]:
        """Yield the samples of each trial of a case, in order of arrival.

        Raises as ``samples_ns``.
        """
        for stored in self._stored(self.trials, case):
            parts = [ns for role, ns in stored.items() if not role.endswith(GIVEN)]
            yield np.concatenate(parts).astype(np.int64)

    def histories(self, case: str) -> Iterator[dict[str, NDArray[np.int64]]]:
        """Yield what became of the messages in each trial of a case of recovery.

        By the names that ``measure.recovery`` gives them. Raises as ``samples_ns``.
        """
        yield from self._stored(self.recovery, case)

    def _stored(
        self, trials: pd.DataFrame, case: str
    ) -> Iterator[dict[str, NDArray[np.int64]]]:
        kept = trials[trials["case"] == case]
        if "samples" not in kept:
            return  # no trial of this run kept any
        for row in kept.itertuples():
            if not isinstance(row.samples, str):
                continue
            path = self.folder / row.samples
            if archives.sha256(path) != row.samples_sha256:
                raise ResultsError(f"{path} was changed after the run: restore it")
            with np.load(path, allow_pickle=False) as stored:
                yield {name: stored[name] for name in stored.files}


def _rows(suites: list[Path]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    timed: list[dict[str, Any]] = []
    sized: list[dict[str, Any]] = []
    for path in suites:
        suite = load_suite(path)
        for benchmark in suite.get_benchmarks():
            name = benchmark.get_name()
            for run in benchmark.get_runs():
                row = {**run.get_metadata(), "value": run.values[0]}
                (sized if SIZE_PREFIX in name else timed).append({**row, "name": name})
    return timed, sized


def kept_repeat(
    block: int,
    trials: pd.DataFrame,
    failures: pd.DataFrame,
    environment: list[BlockEnvironment],
) -> int:
    """Return which pass over a block counts: 1 for its repetition, else 0.

    The repetition does where the first pass was spoiled by the environment, it was not,
    and it is whole. Results have no part in it.
    """
    known = pd.concat([trials[["case", "block", "repeat"]], failures[list(PLACE)]])
    mine = known[known["block"] == block]
    first, again = (set(mine.loc[mine["repeat"] == r, "case"]) for r in (0, 1))
    spoiled = block in spoiled_blocks(environment, 0)
    good = bool(again) and again >= first and block not in spoiled_blocks(environment, 1)
    return int(spoiled and good)


PLACE = ("case", "block", "repeat")


def _sizes(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = {"statements": "statements", "tokens": "tokens", "gzip": "gzip_bytes"}
    table: dict[str, dict[str, Any]] = {}
    for row in rows:
        kind = row["name"].split(SIZE_PREFIX)[1].split(".")[0]
        entry = table.setdefault(row["cell"], {"cell": row["cell"], "files": row["files"]})
        entry[columns[kind]] = int(row["value"])
    return pd.DataFrame(list(table.values()))


def load(folder: Path) -> Run:
    """Read a finished run. Raises ResultsError for anything else, with what to do."""
    if not folder.is_dir():
        raise ResultsError(f"{folder} is not a folder: name a run, as in reports/data/")
    verify(folder)
    return read(Archive(folder))


def read(archive: Archive) -> Run:
    """Read a run as far as it has been measured. Raises ResultsError without any value."""
    folder, about = archive.folder, archive.about()
    timed, sized = _rows(archive.suite_paths())
    if not timed:
        raise ResultsError(f"{folder} holds no value at all: see its failures.json")
    made = pd.DataFrame(timed).rename(columns={"value": "value_s"})
    failed = archive.read(archives.FAILURES) or []
    failures = pd.DataFrame(failed, columns=[*PLACE, "reason"])
    cases = pd.DataFrame(about["cases"])
    _fill(made, "fault", "")
    _fill(made, "repeat", 0)
    _fill(cases, "fault", "")
    every, recovery = map(_own_columns, _apart(made))
    cases, recovery_cases = _apart(cases)
    _fill(failures, "repeat", 0)
    _fill(cases, "load", "")
    extension = _extension(archive)
    if extension and extension.is_made:
        cases["blocks"] += extension.blocks * _claimed(cases, about)
    environment = archive.environment()
    kept = {
        block: kept_repeat(block, every, failures, environment)
        for block in every["block"].unique()
    }
    return Run(
        folder=folder,
        about=about,
        cases=cases.set_index("case", drop=False),
        trials=every[every["repeat"] == every["block"].map(kept)],
        every=every,
        recovery_cases=recovery_cases.set_index("case", drop=False),
        recovery=recovery,
        failures=failures,
        checks=pd.DataFrame(_checks(archive)),
        sizes=_sizes(sized),
        trimmed=archive.read(archives.TRIMMED) or {},
        timing=archive.read(archives.TIMING) or [],
        environment=environment,
        extension=extension,
        code=archive.read(archives.CODE) or NO_CODE,
        weights=archive.read(archives.WEIGHTS) or {},
    )


def _extension(archive: Archive) -> Decision | None:
    kept = archive.read(archives.EXTENSION)
    return Decision.from_json(kept) if kept else None


def _claimed(cases: pd.DataFrame, about: dict[str, Any]) -> pd.Series[bool]:
    """Return of each case whether a claim rests on it."""
    claims = claims_of(about)
    named = zip(cases["name"], cases["twin"], cases["key"], strict=True)
    return pd.Series([rests_on(*row, claims) for row in named], index=cases.index)


def _apart(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows without a fault and those with one."""
    faulty = table["fault"] != ""
    return table[~faulty], table[faulty]


def _own_columns(trials: pd.DataFrame) -> pd.DataFrame:
    """Return trials without the columns that only the other kind of trial has."""
    return trials.dropna(axis="columns", how="all") if len(trials) else trials


def _fill(table: pd.DataFrame, column: str, value: Any) -> None:
    """Give a column that runs of an earlier version lack its one value there."""
    table[column] = table[column].fillna(value) if column in table else value


def _checks(archive: Archive) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = archive.read(archives.CHECK) or []
    return [{**row, "passed": not row["reason"]} for row in rows]
