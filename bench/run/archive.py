"""A run's folder: raw files, written once each and never changed by anything derived.

run.json          what was planned, with which seed, cells and machine
check.json        the verdict of conformance on every cell
pilot.json        seconds per message of each case, from which its window was sized
<stack>.<variant>.json   pyperf suites: one run per block, with a value for each round, or
                     the one of a single trial; those of cells in C are
                     <stack>.<variant>.c.json; outages and sizes, which are no times per
                     message, are in <stack>.<variant>.recovery.json, .size.json
rounds.json       the ensembles: their cases, and the facts and flags of each round as
                     columns; its values are in pyperf's files, one for each round
environment.json  the load of the machine during each block
link.json         what the link with a delay has passed and dropped, where there is one; of
                  a resumed run since it was resumed
trimmed.json      the blocks of each case that a --budget left; 0 for dropped cases
extension.json    whether the run was extended by further blocks, and why
code.json         the programs of the stacks, with all their counts
weights.json      the weight of each stack: packages, time to import, an idle server
timing.json       how long each part of the run took, and the predicted time of trials
failures.json     trials without a value, each with its cause and its reason
samples/*.npz     every latency sample, in nanoseconds, as ``samples`` keeps them
logs/             the hosts' logs of failed trials
SHA256SUMS        written last: a folder without it is unfinished

pyperf's files are what ``python -m pyperf show`` reads. Each file is replaced in one
step after each outcome, so that a kill at any moment loses no finished trial. At the end
pyperf's files and the programs are compressed, to .json.gz, which pyperf reads too, and the
samples of a suite's trials get one file.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyperf

from bench.contract.model import Case
from bench.errors import ResultsError, command
from bench.measure.common import Measured
from bench.run import compressed, samples
from bench.run.block import Block
from bench.run.environment import BlockEnvironment
from bench.run.no_value import NoValue
from bench.run.schedule import Slot
from bench.run.suites import RECOVERY, is_whole, load_suite, suite_of
from bench.trial.site import without_addresses

FORMAT = 1
SUMS = "SHA256SUMS"
RUN = "run.json"
CHECK = "check.json"
PILOT = "pilot.json"
FAILURES = "failures.json"
TIMING = "timing.json"
ROUNDS = "rounds.json"
ENVIRONMENT = "environment.json"
LINK = "link.json"
TRIMMED = "trimmed.json"
EXTENSION = "extension.json"
CODE = "code.json"
WEIGHTS = "weights.json"
NO_PATHS = {"python_executable": "python", "python_config_args": "not kept"}
"""Facts of pyperf with paths of this machine, which a published run must not have."""
NOT_SUITES = {
    RUN, CHECK, PILOT, FAILURES, TIMING, ENVIRONMENT, TRIMMED, EXTENSION, CODE, WEIGHTS,
    ROUNDS, LINK,
}  # fmt: skip
PILOT_BLOCK = -1
"""The block number of a case whose pilot failed."""


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step: readers see the old text or the new, never a part."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def run_name(host: str, seed: int) -> str:
    """Return ``<utc-date>-<host>-<id>``; runs of one day differ in their id."""
    now = datetime.now(UTC)
    digest = hashlib.sha256(f"{now.isoformat()}{host}{seed}".encode()).hexdigest()
    return f"{now:%Y-%m-%d}-{host}-{digest[:6]}"


def _duration_s(measured: Measured) -> float:
    """Return how long a trial was timed or observed, in seconds.

    pyperf would multiply value and loops. The product differs if messages are paced,
    overtake each other or are lost.
    """
    known = (measured.metadata.get(name) for name in ("window_s", "watched_s"))
    return next((float(s) for s in known if s is not None), measured.value_s)


class Archive:
    """The folder of one run, for writing; ``results`` reads it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.suites: dict[str, pyperf.BenchmarkSuite] = {}
        self.failures: list[dict[str, Any]] = []

    @classmethod
    def create(cls, folder: Path, about: dict[str, Any]) -> Archive:
        """Make the folder of a new run. Raises ResultsError if that is not possible."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise ResultsError(
                    f"{folder} is not empty; choose another --out, or complete "
                    f"an unfinished run with --resume {folder}"
                )
            (folder / samples.FOLDER).mkdir()
        except OSError as error:
            raise ResultsError(f"cannot write {folder}: {error.strerror}") from error
        archive = cls(folder)
        archive.write(RUN, {"format": FORMAT, **about})
        archive.write(FAILURES, [])
        return archive

    @classmethod
    def resume(cls, folder: Path) -> Archive:
        """Open an unfinished run. Raises ResultsError if there is none."""
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
        compressed.restore(folder)  # it was killed while it was sealed
        for path in archive.suite_paths():
            archive.suites[path.stem] = load_suite(path)
        archive._drop_halves()
        return archive

    def _drop_halves(self) -> None:
        """Forget the values of an ensemble that was being written when the run was killed.

        Its rounds, which are written last, are not there. It is made again, whole.
        """
        whole = {made["ensemble"] for made in self.read(ROUNDS) or []}
        for name, suite in list(self.suites.items()):
            kept = [
                pyperf.Benchmark(runs)
                for benchmark in suite.get_benchmarks()
                if (runs := [r for r in benchmark.get_runs() if is_whole(r, whole)])
            ]
            if kept:
                self.suites[name] = pyperf.BenchmarkSuite(kept)
            else:
                del self.suites[name]

    def suite_paths(self) -> list[Path]:
        ends = ("", compressed.ENDING)
        found = [p for end in ends for p in self.folder.glob(f"[!.]*.json{end}")]
        return sorted(p for p in found if p.name.removesuffix(ends[1]) not in NOT_SUITES)

    def read(self, name: str) -> Any:
        """Return the content of a JSON file, or None if it does not exist."""
        path = self.folder / name
        try:
            found = compressed.read(path)
            return None if found is None else json.loads(found)
        except (ValueError, OSError, EOFError) as error:
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
        """Return the environment of each block so far, in order."""
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
            "loops": 1 if case.fault else max(1, int(measured.metadata["delivered"])),
            "duration": _duration_s(measured),
            "case": case.id,
            "block": slot.block,
            "repeat": slot.repeat,
            "position": slot.position,
            **measured.metadata,
        }
        suite = suite_of(case.cell, RECOVERY if case.fault else "")
        if measured.samples:
            trial = samples.trial_name(case.id, slot.block, slot.repeat)
            samples.save(self.folder, trial, measured.samples)
            metadata["samples"] = samples.file_name(suite)
        self.add_run(suite, measured.windows_s or [measured.value_s], metadata)

    def add_rounds(self, slots: Sequence[Slot], block: Block) -> None:
        """Keep the rounds of an ensemble, after all its values: this makes them count.

        ``slots`` are those of its cases, in the order of its outcomes.
        """
        where = {"block": slots[0].block, "cases": [s.planned.case.id for s in slots]}
        kept = self.read(ROUNDS) or []
        text = json.dumps([*kept, {**where, **block.to_json()}], separators=(",", ":"))
        write_whole(self.folder / ROUNDS, text + "\n")

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

    def fail(self, case: Case, block: int, why: NoValue, repeat: int = 0) -> None:
        kept = NoValue(why.cause, without_addresses(why.error)).to_json()
        self.failures.append({"case": case.id, "block": block, "repeat": repeat, **kept})
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
        """Join and compress what is large; write the checksums of all raw files.

        They have the format of ``sha256sum -c``.
        """
        for name, suite in self.suites.items():
            runs = [r.get_metadata() for b in suite.get_benchmarks() for r in b.get_runs()]
            samples.join_files(self.folder, name, [m for m in runs if "samples" in m])
        compressed.compress([*self.suite_paths(), self.folder / CODE, self.folder / ROUNDS])
        lines = [
            f"{sha256(path)}  {path.relative_to(self.folder)}" for path in self.raw_files()
        ]
        write_whole(self.folder / SUMS, "\n".join(lines) + "\n")
