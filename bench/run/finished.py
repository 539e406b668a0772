"""Finished runs: whether a folder is one, unchanged, and which is the newest."""

from __future__ import annotations

from pathlib import Path

from bench.errors import ResultsError, UsageError, command
from bench.run.archive import FAILURES, RUN, SUMS, Archive, sha256
from bench.run.no_value import none_failed


def verify(folder: Path) -> None:
    """Raise ResultsError unless a run's folder is finished and unchanged."""
    if not (folder / RUN).exists():
        raise ResultsError(f"{folder} is not a run: it has no {RUN}")
    if not (folder / SUMS).exists():
        raise ResultsError(
            f"{folder} is unfinished: complete it with "
            f"`{command(f'run --resume {folder}')}`"
        )
    listed = set()
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
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
            raise ResultsError(
                f"{path} does not belong to this run; move it out of the folder"
            )


def whole_runs(data: Path) -> list[Path]:
    """Return the whole and finished runs among the folders in ``data``, the newest last."""
    folders = [path.parent for path in data.glob(f"*/{SUMS}")]
    finished = [
        folder
        for folder in folders
        if (folder / RUN).exists() and Archive(folder).about().get("whole", False)
    ]
    return sorted(finished, key=lambda folder: str(Archive(folder).about()["started"]))


def latest_of(profile: str, data: Path) -> Path | None:
    """Return the newest finished run of a profile among the folders in ``data``."""
    folders = [path.parent for path in data.glob(f"*/{SUMS}")]
    abouts = {
        folder: Archive(folder).about() for folder in folders if (folder / RUN).exists()
    }
    mine = [folder for folder in abouts if abouts[folder].get("profile") == profile]
    return max(mine, key=lambda folder: str(abouts[folder]["started"]), default=None)


def latest_run(data: Path) -> Path:
    """Return the newest whole and finished run among the folders in ``data``, of those
    without a failed trial if there are such.

    Raises UsageError when there is none.
    """
    finished = whole_runs(data)
    if not finished:
        raise UsageError(f"no finished run in {data}: measure one with `make bench`")
    return ([folder for folder in finished if is_complete(folder)] or finished)[-1]


def is_complete(folder: Path) -> bool:
    """Say whether each trial of a run has a value, or is one that its machine forbids."""
    return none_failed(Archive(folder).read(FAILURES) or [])
