"""Ceilings of the cgroup that this process runs in: how many processes, how much memory.

A container may allow few of either. A program that fails because the kernel refuses it a
thread, or kills it for its memory, is not broken: the trial was not measurable here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

from bench.errors import NoMiddleError, NotMeasurable
from bench.trial.kernel_files import ROOT, text

P = ParamSpec("P")
T = TypeVar("T")


class Ceiling(NamedTuple):
    """One limit of a cgroup: where the kernel counts that it was reached, and its value."""

    what: str
    file: Path
    """Lines of a name and a number."""
    key: str
    limit: str
    """The file that holds the limit, beside the other."""

    def times_reached(self, root: Path = ROOT) -> int:
        words = text(root, str(self.file)).split()
        counts = dict(zip(words[::2], words[1::2], strict=False))
        return int(counts.get(self.key, 0))

    def allows(self, root: Path = ROOT) -> int | None:
        """Return the limit, or None if there is none."""
        limit = text(root, str(self.file.with_name(self.limit)))
        return int(limit) if limit.isdigit() else None

    def sentence(self, root: Path = ROOT) -> str:
        return (
            f"the cgroup of this process allows {self.allows(root)} {self.what} "
            f"({self.limit}), and measuring needs more: raise the limit"
        )


PROCESSES, MEMORY = "processes and threads", "bytes of memory"
CGROUPS = Path("sys/fs/cgroup")


def ceilings(root: Path = ROOT) -> Iterator[Ceiling]:
    """Yield the ceilings of this process's cgroup and of those around it, both versions."""
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "pids"):
            base, events = CGROUPS / controllers, "pids.events"
            for folder in _upwards(base, path):
                yield Ceiling(PROCESSES, folder / events, "max", "pids.max")
        if controllers == "":
            for folder in _upwards(CGROUPS, path):
                yield Ceiling(MEMORY, folder / "memory.events", "oom_kill", "memory.max")
        if controllers == "memory":
            for folder in _upwards(CGROUPS / "memory", path):
                yield Ceiling(
                    MEMORY,
                    folder / "memory.oom_control",
                    "oom_kill",
                    "memory.limit_in_bytes",
                )


def _upwards(base: Path, path: str) -> Iterator[Path]:
    folder = base / path.strip("/")
    yield folder
    while folder != base:
        folder = folder.parent
        yield folder


def blames_ceilings(function: Callable[P, T]) -> Callable[P, T]:
    """Have a function that fails while a ceiling is reached raise NotMeasurable instead."""

    @wraps(function)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        before = {ceiling: ceiling.times_reached() for ceiling in ceilings()}
        try:
            return function(*args, **kwargs)
        except (NoMiddleError, OSError, RuntimeError) as error:
            for ceiling, times in before.items():
                if ceiling.times_reached() > times:
                    raise NotMeasurable(ceiling.sentence()) from error
            raise

    return wrapped
