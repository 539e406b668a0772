"""The one boundary between raw files and everything derived from them.

``load`` reads a run's folder into tidy tables; nothing downstream opens a raw file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.analysis.code_rows import Check, Code, Counts, program_code
from bench.analysis.raw_rows import (
    ENSEMBLE,
    MEANS,
    WINDOWS,
    apart,
    counted_flags,
    fill,
    kept_repeat,
    own_columns,
    rows_of,
    sizes_of,
)
from bench.analysis.rows import Failure
from bench.contract.rows import CaseRow, by_id, case_row
from bench.errors import ResultsError
from bench.measure.response import GIVEN, generator_is_limit
from bench.run import archive as archives
from bench.run.archive import Archive
from bench.run.declared import Declared, declarations, rests_on
from bench.run.environment import BlockEnvironment, spoiled_blocks
from bench.run.extension import Decision
from bench.run.finished import verify
from bench.run.samples import SampleReader
from bench.trial.site import LinkCounts

NO_TRIALS = ["case", "block", "value"]
"""The columns of the trials of a run that has none."""
ByEnsemble = dict[str, tuple[float, ...]]
NO_VALUES = pd.Series(dtype=float, index=pd.Index([], name="block", dtype=int))


@dataclass(frozen=True)
class Run:
    """One run, read.

    ``about``     run.json: profile, seed, machine, versions, stacks, start
    ``cases``     the planned cases by id, in the order of the plan
    ``trials``    one row per case and block with a value: ``case``, ``block``, ``repeat``,
                  ``position``, ``value_s``, counts, ``p50_ns`` and so on, costs per role.
                  Of cases in turns also ``ensemble`` and ``windows_s``, a value each round.
                  Of a block that was repeated, as early runs did, those of ``kept_repeat``
    ``every``     all rows, with those of repetitions, and one for each ensemble of a case
    ``recovery_cases``, ``recovery``  the same of failure recovery, kept apart: their
                  values are outages, and their trials no blocks
    ``failures``  a row for each trial or case without a value
    ``checks``    a row for each cell and transport
    ``trimmed``   blocks of each case that a budget left, empty without one
    ``sizes``     what was counted of each program, by its cell: ``statements``,
                  ``tokens``, ``gzip_bytes``, and its ``files``
    ``code``      the programs of the stacks; of a run of an earlier version none
    ``weights``   what each stack weighs, as ``measure.code.weight`` says, by its name
    ``environment``  what the machine did during each block, in order
    ``link``      what a link with a delay has done, None without one
    ``ensembles``  the rounds of each ensemble, in order; none in early runs
    ``extension``  whether the run got further blocks, None where none was declared
    """

    folder: Path
    about: dict[str, Any]
    cases: dict[str, CaseRow]
    trials: pd.DataFrame
    every: pd.DataFrame
    recovery_cases: dict[str, CaseRow]
    recovery: pd.DataFrame
    failures: list[Failure]
    checks: list[Check]
    sizes: dict[str, Counts]
    trimmed: dict[str, int]
    timing: list[dict[str, Any]]
    environment: list[BlockEnvironment]
    ensembles: list[dict[str, Any]]
    extension: Decision | None
    code: Code
    weights: dict[str, dict[str, Any]]
    link: LinkCounts | None = None

    @property
    def name(self) -> str:
        return self.folder.resolve().name

    @property
    def is_empty(self) -> bool:
        """Whether no trial of any kind has a value."""
        return self.every.empty and self.recovery.empty

    @property
    def replaced(self) -> list[int]:
        """The blocks whose repetition stands for them, in order."""
        return sorted(set(self.trials.loc[self.trials["repeat"] > 0, "block"]))

    @property
    def flagged_share(self) -> float | None:
        """The share of rounds that were flagged, among those that count, from 0 to 1.

        Blocks count in a run without rounds. None if the environment was not recorded.
        """
        if self.ensembles:
            flagged = [bool(why) for e in self.ensembles for why in counted_flags(e)]
            return sum(flagged) / len(flagged)
        if not self.environment:
            return None
        flagged_blocks = set(spoiled_blocks(self.environment)) - set(self.replaced)
        return len(flagged_blocks) / len(set(self.trials["block"]))

    @property
    def refused(self) -> dict[str, str]:
        """Why cases have no result although there may be trials of them, by case id.

        A budget left them out, the generator of an open loop was too slow, or they broke in
        some blocks: a program is not timed by those that it survived.
        """
        none = [case for case, blocks in self.trimmed.items() if not blocks]
        left_out = dict.fromkeys(none, "left out to keep the budget")
        too_slow = {c: f"refused: {why}" for c, why in self.open_loops_refused.items()}
        return {**left_out, **too_slow, **self._broken()}

    def _broken(self) -> dict[str, str]:
        """Why cases have no result that failed twice in one block, and not in all.

        As of values, those of the pass over a block that counts.
        """
        blocks = self.trials.groupby("case")["block"].nunique()
        replaced = self.replaced
        broken = Counter(
            failure.case
            for failure in self.failures
            if failure.case in blocks and failure.repeat == (failure.block in replaced)
        )
        return {
            case: f"broke in {times} of {times + blocks[case]} blocks"
            for case, times in sorted(broken.items())
        }

    @property
    def open_loops_refused(self) -> dict[str, str]:
        """Why open loops have no result: their generator was too slow, by case id."""
        columns = ["lag_p99_ns", "p50_ns", "generator_share"]
        known = self.trials.reindex(columns=["case", *columns]).dropna()
        medians = known.groupby("case")[columns].median()
        return {
            str(case): "the generator is the limit, "
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

    def windows_s(self, case: str, block: int) -> ByEnsemble:
        """Return the values of a case in the rounds of a block, by the ensemble's name.

        Position i is round i, for all cases of one ensemble. A single trial has none.
        """
        return self._windows_s.get((case, block), {})

    def window_means_s(self, case: str, block: int) -> ByEnsemble:
        """Return the mean of each round's samples as ``windows_s`` does the medians."""
        kept = self._window_means_ns.get((case, block), {})
        return {
            ensemble: tuple(float(mean) / 1e9 for mean in means.split(","))
            for ensemble, means in kept.items()
            if isinstance(means, str)
        }

    @cached_property
    def _windows_s(self) -> dict[tuple[str, int], ByEnsemble]:
        return self._by_ensemble(WINDOWS)

    @cached_property
    def _window_means_ns(self) -> dict[tuple[str, int], dict[str, Any]]:
        return self._by_ensemble(MEANS)

    def _by_ensemble(self, column: str) -> dict[tuple[str, int], dict[str, Any]]:
        found: dict[tuple[str, int], dict[str, Any]] = {}
        if {ENSEMBLE, column} <= {*self.every.columns}:
            rows = self.every[self.every[ENSEMBLE].notna()]
            columns = (rows[name] for name in ("case", "block", ENSEMBLE, column))
            for case, block, ensemble, values in zip(*columns, strict=True):
                found.setdefault((case, block), {})[ensemble] = values
        return found

    def samples_ns(self, case: str) -> NDArray[np.int64]:
        """Return every latency sample of a case over all blocks, in nanoseconds.

        The samples of open loops count from the intended time.

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
        for row in trials[trials["case"] == case].to_dict("records"):
            if isinstance(row.get("samples"), str):  # else this trial kept none
                yield self._samples.of({str(name): value for name, value in row.items()})

    @cached_property
    def _samples(self) -> SampleReader:
        return SampleReader(self.folder)


def load(folder: Path) -> Run:
    """Read a finished run. Raises ResultsError for anything else, with what to do."""
    if not folder.is_dir():
        raise ResultsError(f"{folder} is not a folder: name a run, as in reports/data/")
    verify(folder)
    run = read(Archive(folder))
    if run.is_empty:
        raise ResultsError(f"{folder} holds no value at all: see its failures.json")
    return run


def read(archive: Archive) -> Run:
    """Read a run as far as it has been measured, which may be no value at all."""
    about = archive.about()
    timed, sized = rows_of(archive.suite_paths())
    made = pd.DataFrame(timed, columns=None if timed else NO_TRIALS)
    made = made.rename(columns={"value": "value_s"})
    failures = [Failure.read(row) for row in archive.read(archives.FAILURES) or []]
    fill(made, "fault", "")
    fill(made, "repeat", 0)
    every, recovery = map(own_columns, apart(made))
    extended, link = archive.read(archives.EXTENSION), archive.read(archives.LINK)
    extension = Decision.from_json(extended) if extended else None
    planned = [case_row(row) for row in about["cases"]]
    if extension and extension.is_made:
        planned = list(_extended(planned, extension.blocks, declarations(about)))
    recovery_cases = by_id(case for case in planned if case.fault)
    environment = archive.environment()
    without_fault = [failed for failed in failures if failed.case not in recovery_cases]
    kept = {
        block: kept_repeat(block, every, without_fault, environment)
        for block in every["block"].unique()
    }
    return Run(
        folder=archive.folder,
        about=about,
        cases=by_id(case for case in planned if not case.fault),
        trials=every[every["repeat"] == every["block"].map(kept)],
        every=every,
        recovery_cases=recovery_cases,
        recovery=recovery,
        failures=failures,
        checks=[Check(**row) for row in archive.read(archives.CHECK) or []],
        sizes=sizes_of(sized),
        trimmed=archive.read(archives.TRIMMED) or {},
        timing=archive.read(archives.TIMING) or [],
        environment=environment,
        ensembles=archive.read(archives.ROUNDS) or [],
        extension=extension,
        code=_code(archive),
        weights=archive.read(archives.WEIGHTS) or {},
        link=LinkCounts(**link) if link else None,
    )


def _code(archive: Archive) -> Code:
    kept = archive.read(archives.CODE) or {"programs": [], "totals": [], "texts": {}}
    programs, totals = (list(map(program_code, kept[n])) for n in ("programs", "totals"))
    return Code(programs, totals, kept["texts"])


def _extended(
    cases: Iterable[CaseRow], blocks: int, declared: Collection[Declared]
) -> Iterator[CaseRow]:
    """Yield cases, with further blocks for cases of declared comparisons."""
    for case in cases:
        is_declared = not case.fault and rests_on(case.name, case.copy, case.key, declared)
        yield replace(case, blocks=case.blocks + blocks) if is_declared else case
