"""An early run in the form of today's: ``python -m bench.run.repack FOLDER``.

Early runs have a file of plain numbers for the samples of each trial, with its checksum in
pyperf's metadata, and nothing in them is compressed. Today's have one compressed file for
each suite. Repacking changes no value and no sample: only their files, and ``SHA256SUMS``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.errors import NoMiddleError
from bench.run import compressed, samples
from bench.run.archive import SUMS, Archive, write_whole
from bench.run.finished import verify
from bench.run.samples import SampleReader
from bench.run.suites import load_suite

CHECKSUM = "samples_sha256"
Metadata = dict[str, Any]


def repack(folder: Path) -> None:
    """Repack a finished run in place; a run of today stays as it is.

    A kill leaves a folder without ``SHA256SUMS``: restore it from git, and try again.
    Raises ResultsError for a folder that is no finished and unchanged run.
    """
    verify(folder)
    archive, reader = Archive(folder), SampleReader(folder)
    early = [path for path in archive.suite_paths() if path.suffix != compressed.ENDING]
    if not early:
        return
    (folder / SUMS).unlink()
    for path in early:
        suite = json.loads(path.read_text(encoding="utf-8"))
        for levels in _trials(suite):
            run = {name: value for level in levels for name, value in level.items()}
            trial = samples.trial_name(run["case"], run["block"], run.get("repeat", 0))
            kept = reader.of(run)
            (folder / run["samples"]).unlink()
            samples.save(folder, trial, kept)
            for level in levels:
                level.pop(CHECKSUM, None)
                level.pop("samples", None)
            levels[-1]["samples"] = samples.file_name(path.stem)
        write_whole(path, json.dumps(suite, sort_keys=True, separators=(",", ":")) + "\n")
        archive.suites[path.stem] = load_suite(path)
    archive.seal()


def _trials(suite: dict[str, Any]) -> Iterator[tuple[Metadata, Metadata, Metadata]]:
    """Yield the metadata of each trial that has samples, from the suite's to its own.

    pyperf moves what all runs of a benchmark or of a suite share to the level above.
    """
    for benchmark in suite["benchmarks"]:
        shared = suite.get("metadata", {}), benchmark.get("metadata", {})
        for run in benchmark["runs"]:
            own = run.setdefault("metadata", {})
            if any(CHECKSUM in level for level in (*shared, own)):
                yield *shared, own


if __name__ == "__main__":
    try:
        for name in sys.argv[1:]:
            repack(Path(name))
    except NoMiddleError as error:
        sys.exit(str(error))
