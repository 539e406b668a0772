"""The one boundary between raw files and everything derived from them.

``load`` reads a run's folder into tidy tables; nothing downstream opens a raw file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench import archive as archives
from bench.archive import Archive, load_suite, verify
from bench.environment import BlockEnvironment
from bench.errors import ResultsError

SIZE_PREFIX = ".size."


@dataclass(frozen=True)
class Run:
    """One run, read.

    ``about``     run.json: profile, seed, machine, versions, stacks, start
    ``cases``     one row per planned case, the columns of ``run.case_table``, indexed
                  by case id
    ``trials``    one row per trial with a value: ``case``, ``block``, ``position``,
                  ``value_s``, counts, ``p50_ns`` and so on, costs per role
    ``failures``  one row per trial or case without one: ``case``, ``block``, ``reason``
    ``checks``    one row per cell and transport: ``passed``, ``reason``, ``losses``
    ``sizes``     one row per cell: ``statements``, ``tokens``, ``gzip_bytes``
    ``environment``  what the machine did during each block, in order
    """

    folder: Path
    about: dict[str, Any]
    cases: pd.DataFrame
    trials: pd.DataFrame
    failures: pd.DataFrame
    checks: pd.DataFrame
    sizes: pd.DataFrame
    timing: list[dict[str, float]]
    environment: list[BlockEnvironment]

    @property
    def name(self) -> str:
        return self.folder.name

    def values_s(self, case: str) -> pd.Series[float]:
        """Return a case's values in seconds, by block."""
        mine = self.trials[self.trials["case"] == case].sort_values("block")
        return mine.set_index("block")["value_s"]

    def samples_ns(self, case: str) -> NDArray[np.int64]:
        """Return every latency sample of a case over all blocks, in nanoseconds.

        Raises ResultsError when a file is not the one that the trial wrote.
        """
        parts = []
        for row in self.trials[self.trials["case"] == case].itertuples():
            if not isinstance(row.samples, str):
                continue
            path = self.folder / row.samples
            if archives.sha256(path) != row.samples_sha256:
                raise ResultsError(f"{path} was changed after the run: restore it")
            with np.load(path, allow_pickle=False) as stored:
                parts += [stored[role] for role in stored.files]
        joined = np.concatenate(parts) if parts else np.empty(0, dtype=np.uint32)
        return joined.astype(np.int64)


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
    archive = Archive(folder)
    about = archive.about()
    timed, sized = _rows(archive.suite_paths())
    trials = pd.DataFrame(timed).rename(columns={"value": "value_s"})
    if trials.empty:
        raise ResultsError(f"{folder} holds no value at all: see its failures.json")
    columns = ["case", "block", "reason"]
    return Run(
        folder=folder,
        about=about,
        cases=pd.DataFrame(about["cases"]).set_index("case", drop=False),
        trials=trials,
        failures=pd.DataFrame(archive.read(archives.FAILURES) or [], columns=columns),
        checks=pd.DataFrame(_checks(archive)),
        sizes=_sizes(sized),
        timing=archive.read(archives.TIMING) or [],
        environment=[
            BlockEnvironment.from_json(kept)
            for kept in archive.read(archives.ENVIRONMENT) or []
        ],
    )


def _checks(archive: Archive) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = archive.read(archives.CHECK) or []
    return [{**row, "passed": not row["reason"]} for row in rows]
