"""A run's folder: raw files, written once each and never changed by anything derived.

run.json          what was planned, with which seed, cells and machine
check.json        the verdict of conformance on every cell
pilot.json        seconds per message of each case, from which its window was sized
<stack>.<variant>.json   pyperf suites: one run per block, one value each; those of cells
                     in C are <stack>.<variant>.c.json
environment.json  what the machine did during each block
trimmed.json      the blocks of each case that a --budget left, 0 of those left out
extension.json    whether the run was extended by further blocks, and why
code.json         the programs of the stacks, with all that is counted of them
weights.json      what each stack weighs: packages, time to import, an idle server
timing.json       how long the trials were predicted to take, and took
failures.json     trials without a value, each with its reason
samples/*.npz     every latency sample, in nanoseconds
logs/             the hosts' logs of failed trials
SHA256SUMS        written last: a folder without it is unfinished

pyperf's files are what ``python -m pyperf show`` reads. Each file is replaced in one
step after each trial, so that a kill at any moment loses no finished trial.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyperf
from numpy.typing import NDArray

from bench.contract import Case, Cell
from bench.environment import BlockEnvironment
from bench.errors import ResultsError, UsageError
from bench.measure.measured import Measured
from bench.schedule import Slot
from bench.suggest import command

FORMAT = 1
SUMS = "SHA256SUMS"
RUN = "run.json"
CHECK = "check.json"
PILOT = "pilot.json"
FAILURES = "failures.json"
TIMING = "timing.json"
ENVIRONMENT = "environment.json"
TRIMMED = "trimmed.json"
EXTENSION = "extension.json"
CODE = "code.json"
WEIGHTS = "weights.json"
NO_PATHS = {"python_executable": "python", "python_config_args": "not kept"}
"""A published run is no place for the paths of the machine that made it."""
NOT_SUITES = {
    RUN, CHECK, PILOT, FAILURES, TIMING, ENVIRONMENT, TRIMMED, EXTENSION, CODE, WEIGHTS,
}  # fmt: skip


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step: readers see the old text or the new, never a part."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def run_name(host: str, seed: int) -> str:
    """Return ``<utc-date>-<host>-<id>``; the id tells runs of one day apart."""
    now = datetime.now(UTC)
    digest = hashlib.sha256(f"{now.isoformat()}{host}{seed}".encode()).hexdigest()
    return f"{now:%Y-%m-%d}-{host}-{digest[:6]}"


def _narrow(ns: NDArray[np.int64]) -> NDArray[Any]:
    """Return nanoseconds in four bytes each where they fit: up to 4.29 s."""
    fits = len(ns) == 0 or (ns.min() >= 0 and ns.max() < 1 << 32)
    return ns.astype(np.uint32) if fits else ns


def load_suite(path: Path) -> pyperf.BenchmarkSuite:
    """Read a pyperf file. Raises ResultsError when it is not one."""
    try:
        return pyperf.BenchmarkSuite.load(str(path))
    except Exception as error:  # pyperf raises whatever its parser raises
        raise ResultsError(f"{path} is not a pyperf file, or damaged: {error}") from error


def suite_of(cell: Cell) -> str:
    """Return the name of the suite that holds a cell's values.

    The names of benchmarks say nothing of stack, variant and language, so that pyperf
    lines them up; hence each of these has a suite of its own.
    """
    name = f"{cell.stack.name}.{cell.variant.name}"
    return name if cell.language == "python" else f"{name}.{cell.language}"


class Archive:
    """The folder of one run, for writing; ``results`` reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.suites: dict[str, pyperf.BenchmarkSuite] = {}
        self.failures: list[dict[str, Any]] = []

    @classmethod
    def create(cls, folder: Path, about: dict[str, Any]) -> Archive:
        """Make a new run's folder. Raises ResultsError where that cannot be done."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise ResultsError(
                    f"{folder} holds something already: choose another --out, or complete "
                    f"an unfinished run with --resume {folder}"
                )
            (folder / "samples").mkdir()
        except OSError as error:
            raise ResultsError(f"cannot write {folder}: {error.strerror}") from error
        archive = cls(folder)
        archive.write(RUN, {"format": FORMAT, **about})
        archive.write(FAILURES, [])
        return archive

    @classmethod
    def resume(cls, folder: Path) -> Archive:
        """Open an unfinished run. Raises ResultsError where there is none to go on with."""
        if not (folder / RUN).exists():
            raise ResultsError(f"{folder} is not a run: it has no {RUN}")
        if (folder / SUMS).exists():
            raise ResultsError(
                f"{folder} is finished: there is nothing to resume; its report: "
                f"`{command(f'report {folder}')}`"
            )
        archive = cls(folder)
        archive.about()
        archive.failures = archive.read(FAILURES) or []
        for path in archive.suite_paths():
            archive.suites[path.stem] = load_suite(path)
        return archive

    def suite_paths(self) -> list[Path]:
        return sorted(p for p in self.folder.glob("*.json") if p.name not in NOT_SUITES)

    def read(self, name: str) -> Any:
        """Return a JSON file's content, None where it does not exist."""
        path = self.folder / name
        if not path.exists():
            return None
        try:
            return json.loads(path.read_text())
        except ValueError as error:
            raise ResultsError(f"{path} is damaged: {error}") from error

    def write(self, name: str, content: Any) -> None:
        write_whole(self.folder / name, json.dumps(content, indent=1) + "\n")

    def about(self) -> dict[str, Any]:
        """Return run.json. Raises ResultsError for another format."""
        about: dict[str, Any] = self.read(RUN)
        if about.get("format") != FORMAT:
            raise ResultsError(
                f"{self.folder} has format {about.get('format')}, this version reads "
                f"{FORMAT}: use the version that wrote it, or measure again"
            )
        return about

    def environment(self) -> list[BlockEnvironment]:
        """Return what the machine did during each block so far, in order."""
        return [BlockEnvironment.from_json(kept) for kept in self.read(ENVIRONMENT) or []]

    def finished(self) -> set[tuple[str, int, int]]:
        """Return (case id, block, repeat) of every trial that has a value or failed."""
        done = {(f["case"], f["block"], f.get("repeat", 0)) for f in self.failures}
        for suite in self.suites.values():
            for benchmark in suite.get_benchmarks():
                for run in benchmark.get_runs():
                    metadata = run.get_metadata()
                    if "block" in metadata:
                        key = metadata["block"], metadata.get("repeat", 0)
                        done.add((metadata["case"], *key))
        return done

    def add(self, slot: Slot, measured: Measured) -> None:
        """Keep a trial: its samples first, then the suite that refers to them."""
        case = slot.planned.case
        metadata: dict[str, Any] = {
            "name": case.name,
            "unit": "second",
            "loops": max(1, int(measured.metadata["delivered"])),
            "case": case.id,
            "block": slot.block,
            "repeat": slot.repeat,
            "position": slot.position,
            **measured.metadata,
        }
        if measured.samples:
            path = self._save_samples(slot, measured.samples)
            metadata["samples"] = f"samples/{path.name}"
            metadata["samples_sha256"] = sha256(path)
        self.add_run(suite_of(case.cell), [measured.value_s], metadata)

    def _save_samples(self, slot: Slot, samples: dict[str, NDArray[np.int64]]) -> Path:
        path = self.folder / "samples" / f"{slot.planned.case.id}.{slot.name}.npz"
        np.savez_compressed(
            path, allow_pickle=False, **{role: _narrow(ns) for role, ns in samples.items()}
        )
        return path

    def add_run(self, suite: str, values: list[float], metadata: dict[str, Any]) -> None:
        """Add one pyperf run to a suite, and save the suite."""
        run = pyperf.Run(values, metadata={**metadata, **NO_PATHS}, collect_metadata=True)
        benchmark = pyperf.Benchmark([run])
        if suite not in self.suites:
            self.suites[suite] = pyperf.BenchmarkSuite([benchmark])
        else:
            self.suites[suite].add_runs(benchmark)
        path = self.folder / f"{suite}.json"
        partial = self.folder / f".{suite}.json"
        self.suites[suite].dump(str(partial), replace=True)
        os.replace(partial, path)

    def fail(self, case: Case, block: int, reason: str, repeat: int = 0) -> None:
        failure = {"case": case.id, "block": block, "repeat": repeat, "reason": reason}
        self.failures.append(failure)
        self.write(FAILURES, self.failures)

    def raw_files(self) -> Iterator[Path]:
        for path in sorted(self.folder.rglob("*")):
            hidden = any(
                part.startswith(".") for part in path.relative_to(self.folder).parts
            )
            derived = path.relative_to(self.folder).parts[0] in ("logs", "report")
            if path.is_file() and not hidden and not derived and path.name != SUMS:
                yield path

    def seal(self) -> None:
        """Write the checksums of all raw files, in the format of ``sha256sum -c``."""
        lines = [
            f"{sha256(path)}  {path.relative_to(self.folder)}" for path in self.raw_files()
        ]
        write_whole(self.folder / SUMS, "\n".join(lines) + "\n")


def verify(folder: Path) -> None:
    """Raise ResultsError unless a run's folder is finished and as it was written."""
    if not (folder / RUN).exists():
        raise ResultsError(f"{folder} is not a run: it has no {RUN}")
    if not (folder / SUMS).exists():
        raise ResultsError(
            f"{folder} is unfinished: complete it with "
            f"`{command(f'run --resume {folder}')}`"
        )
    listed = set()
    for line in (folder / SUMS).read_text().splitlines():
        digest, _, name = line.partition("  ")
        path = folder / name
        if not name or not path.is_file():
            raise ResultsError(f"{path} is missing or {SUMS} is damaged: restore both")
        if sha256(path) != digest:
            raise ResultsError(
                f"{path} was changed after the run: restore it, or measure again"
            )
        listed.add(path)
    for path in Archive(folder).raw_files():
        if path not in listed:
            raise ResultsError(f"{path} is not of this run: move it out of its folder")


def latest_run(data: Path) -> Path:
    """Return the newest whole and finished run among the folders in ``data``.

    Raises UsageError when there is none.
    """
    folders = [path.parent for path in data.glob(f"*/{SUMS}")]
    finished = [
        folder
        for folder in folders
        if (folder / RUN).exists() and Archive(folder).about().get("whole", False)
    ]
    if not finished:
        raise UsageError(f"no finished run in {data}: measure one with `make bench`")
    return max(finished, key=lambda folder: str(Archive(folder).about()["started"]))
