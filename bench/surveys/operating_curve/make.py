"""Make the runs of a series, each in a folder of its own, and go on where it stopped.

A series keeps what it was begun with: the seed, the versions, the cost of more work, and
the pace of each program. Every run has the same programs.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any

from bench.contract.find import find_cells
from bench.contract.model import IMPLEMENTATIONS, Cell
from bench.errors import NotMeasurable, ResultsError
from bench.run.archive import RUN, SUMS, Archive, write_whole
from bench.run.declared import CLAIMS
from bench.run.machine import describe, versions_behind
from bench.run.manifest import begin_plan, cell_digest, harness_digest
from bench.run.measuring import Measuring
from bench.run.pilots import make_pilot
from bench.run.plan import Planned
from bench.run.runner import Runner
from bench.run.schedule import batches
from bench.surveys import document
from bench.surveys.operating_curve.neighbour import comes_and_goes, neighbour
from bench.surveys.operating_curve.series import (
    CHANGED,
    WORK,
    PlannedRun,
    case_of,
    copy_with,
    declared_pairs,
    planned_cases,
    planned_runs,
    programs,
)
from bench.surveys.operating_curve.slowed import Work, program_with, work_for
from bench.trial.conformance import check_all
from bench.trial.kept_checks import KeptChecks

FILE = "series.json"
PROFILE = "operating_curve"
"""The name of the runs' plan in run.json."""
SAME = ("seed", "harness", "programs")
"""All runs of a series have these in common, beside the machine."""


@dataclass(frozen=True)
class Series:
    """A series that can be measured; ``slowed`` are the programs by the work added.

    ``opening`` is what series.json has: with ``pace_s``, the seconds of a round trip by the
    key of a program, and ``work``, the fields of ``slowed.Work``.
    """

    folder: Path
    opening: Mapping[str, Any]
    cells: Sequence[Cell]
    slowed: Mapping[int, Cell]

    @property
    def seed(self) -> int:
        return int(self.opening["seed"])

    def folder_of(self, run: PlannedRun) -> Path:
        """Return the folder of a run's raw files."""
        return self.folder / run.name

    def has(self, run: PlannedRun) -> bool:
        """Return whether a run is complete."""
        return (self.folder_of(run) / SUMS).exists()


def open_series(folder: Path, seed: int) -> Series:
    """Begin a series, or open the one that is in a folder.

    Raises ResultsError if that one has another seed, or if programs, harness or machine
    have changed; NotMeasurable for a program that is not installed or fails its check.
    """
    cells = programs(find_cells([IMPLEMENTATIONS]))
    _check(cells, folder / "logs")
    opened = _opened(folder, seed, cells)
    folder.mkdir(parents=True, exist_ok=True)
    if "work" not in opened:
        opened |= _calibrated(cells, seed, folder)
        write_whole(folder / FILE, json.dumps(opened, indent=1) + "\n")
    work, place = Work(**opened["work"]), folder / "programs"
    slowed = {
        more: program_with(CHANGED, work.loops(more / 100), place / f"plus{more}")
        for more in WORK
    }
    return Series(folder, opened, cells, slowed)


def _opened(folder: Path, seed: int, cells: Sequence[Cell]) -> dict[str, Any]:
    """Return what a series begins with. Raises ResultsError for another series."""
    about = describe([cell.stack for cell in cells])
    now = {
        "seed": seed,
        "harness": harness_digest(),
        "programs": {cell.key: cell_digest(cell) for cell in cells},
        **document.opening(about, about["versions"]),
    }
    path = folder / FILE
    if not path.exists():
        if folder.is_dir() and any(each.name != "logs" for each in folder.iterdir()):
            raise ResultsError(f"{folder} has no {FILE}: name an empty folder with --runs")
        return now
    try:
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        other = [name for name in SAME if kept[name] != now[name]]
        other += ["machine"] * (_machine(kept) != _machine(now))
    except (ValueError, KeyError, TypeError) as error:
        raise ResultsError(f"{path} is damaged; remove {folder} to begin again") from error
    if other:
        raise ResultsError(
            f"the series in {folder} began with another {' and '.join(other)}; name a new "
            "folder with --runs, or remove this one to begin again"
        )
    return kept


def _machine(opening: Mapping[str, Any]) -> dict[str, Any]:
    """Return the machine and its versions. Another revision may have the same programs."""
    facts = opening["machine"]
    return {name: facts[name] for name in facts if name != "revision"}


def _check(cells: Sequence[Cell], logs: Path) -> None:
    """Check the programs, unless they have passed. Raises NotMeasurable."""
    reasons: list[str] = []
    check_all(
        [(cell, "tcp") for cell in cells],
        logs,
        lambda result: reasons.extend(
            [f"{result.cell}: {result.reason}"] if result.reason else []
        ),
        KeptChecks(),
    )
    shutil.rmtree(logs, ignore_errors=True)
    if reasons:
        raise NotMeasurable("; ".join(reasons))


def _calibrated(cells: Sequence[Cell], seed: int, folder: Path) -> dict[str, Any]:
    """Return the pace of each program, and the cost of more work."""
    logs = folder / "logs"
    pace_s = {
        cell.key: make_pilot(case_of(cell), seed, logs)["seconds_per_message"]
        for cell in cells
    }
    (changed,) = (cell for cell in cells if cell.id == CHANGED)
    tried = folder / "programs" / "calibration"
    shutil.rmtree(tried, ignore_errors=True)
    tried.mkdir(parents=True)
    work = work_for(case_of(changed), pace_s[changed.key], tried, logs, seed)
    return {"pace_s": pace_s, "work": asdict(work)}


def make_runs(series: Series, pairs: int) -> Iterator[tuple[PlannedRun, float]]:
    """Make the runs of so many pairs that are not complete; yield each, and its seconds.

    If it is stopped, every block that is finished is kept.
    """
    runs = planned_runs(pairs, series.seed)
    for number, run in enumerate(runs, start=1):
        if not series.has(run):
            began = time.monotonic()
            _make(series, run, f"run {number} of {len(runs)}")
            yield run, time.monotonic() - began


def _make(series: Series, run: PlannedRun, title: str) -> None:
    planned = planned_cases(series.cells, series.slowed)
    seed = Random(f"{series.seed}:{run.name}").getrandbits(32)
    archive = _archive(series, run, planned, seed)
    versions = versions_behind(series.cells, archive.about()["stacks"])
    measuring = Measuring(archive, seed, _pilots(series, planned), {}, versions)
    declared = declared_pairs()
    todo = Runner(archive, planned, seed).todo(batches(planned, seed, declared=declared))
    with neighbour(comes_and_goes if run.busy else None):
        measuring.make(title, todo)
    archive.seal()


def _archive(series: Series, run: PlannedRun, planned: list[Planned], seed: int) -> Archive:
    folder = series.folder_of(run)
    if (folder / RUN).exists():
        return Archive.resume(folder)
    shutil.rmtree(folder, ignore_errors=True)  # it was killed before it had begun
    about = {CLAIMS: declared_pairs()}
    begun = begin_plan(folder, PROFILE, planned, series.cells, seed, [], **about)
    return begun.archive


def _pilots(series: Series, planned: Sequence[Planned]) -> dict[str, dict[str, float]]:
    """Return the pace of each case, as its pilot would have it."""
    by_copy = {copy_with(more): 1 + more / 100 for more in WORK}
    return {
        case.id: {
            "seconds_per_message": series.opening["pace_s"][case.cell.key]
            * by_copy.get(case.copy, 1.0)
        }
        for case in (entry.case for entry in planned)
    }
