"""The published set: the latest whole run of each kind of machine in one folder.

Two machines are of one kind if the kernel names the same model of CPU. One run of the set
leads: charts, pages and absolute numbers are its own. The others stand beside it, since
ratios may be laid over each other and times may not. A run leads only if no trial of it
failed, since pages show the failures of the run that leads.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.run.archive import CODE, Archive
from bench.run.finished import latest_of, latest_run, whole_runs
from bench.run.profiles import GROWTH

BYTES_MAX = 9_000_000
"""The most that a published run may take: everybody who clones the project gets it."""


@dataclass(frozen=True)
class PublishedSet:
    """The folders of the published runs.

    ``beside`` are those of the other kinds of machine, the newest first. ``superseded``
    are older runs of a kind, each with the run that took its place. ``growth`` is the
    latest run of that profile, on whichever machine: each of its numbers names it.
    """

    leading: Path
    beside: tuple[Path, ...]
    superseded: dict[Path, Path]
    growth: Path | None = None


def kind(folder: Path) -> str:
    """Return the kind of machine on which a run was made: its model of CPU."""
    return str(Archive(folder).about()["machine"]["cpu"])


def published(data: Path, leading: Path | None = None) -> PublishedSet:
    """Return the published set of a folder of runs.

    The newest run leads of those without a failed trial, or the newest if there is none
    such. ``leading`` names another run of the folder to lead. Raises UsageError where there
    is no whole run.
    """
    first = leading or latest_run(data)
    runs = whole_runs(data)
    newest = {kind(folder): folder for folder in runs}
    superseded = {
        folder: newest[kind(folder)]
        for folder in runs
        if folder not in newest.values() and folder.resolve() != first.resolve()
    }
    others = [folder for name, folder in newest.items() if name != kind(first)]
    others.sort(key=runs.index, reverse=True)
    return PublishedSet(first, tuple(others), superseded, latest_of(GROWTH, data))


def size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def housekeeping(found: PublishedSet) -> Iterator[str]:
    """Yield what to do before the set is committed: runs to remove, runs too large."""
    for old, new in found.superseded.items():
        yield (
            f"superseded: {old.name} is of the same kind of machine as {new.name} "
            f"({kind(new)}) and older; remove it: git rm -r {os.path.relpath(old)}"
        )
    for folder in (found.leading, *found.beside, *filter(None, [found.growth])):
        taken = size_bytes(folder)
        if taken > BYTES_MAX:
            early = (folder / CODE).exists()  # nothing in it is compressed
            remedy = f"python -m bench.run.repack {os.path.relpath(folder)}"
            yield (
                f"too large: {folder.name} takes {taken / 1e6:.1f} MB, and a published run "
                f"may take {BYTES_MAX / 1e6:.0f} MB; "
                f"{f'keep it in less: {remedy}' if early else 'do not commit it'}"
            )
