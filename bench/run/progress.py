"""The progress of a long command: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console

if TYPE_CHECKING:
    from rich.progress import Progress

LINE_INTERVAL_S, LOOK_INTERVAL_S = 10.0, 1.0
Left = Callable[[], float]
WIDTH_WITHOUT_TERMINAL = 180
console = Console(
    highlight=False,
    soft_wrap=True,
    width=None if sys.stdout.isatty() else WIDTH_WITHOUT_TERMINAL,
)


def minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} minutes"


class Steps(Protocol):
    """The progress of a task: ``now`` names the step that begins, ``done`` ends a step."""

    def now(self, what: str) -> None: ...

    def done(self, line: str = "") -> None: ...


class _Bar:
    def __init__(
        self, progress: Progress, title: str, total: int, left_s: Left | None
    ) -> None:
        self._progress, self._left_s, self._looked = progress, left_s, 0.0
        self._task = progress.add_task(title, total=total, what="", left="")

    def now(self, what: str) -> None:
        self._progress.update(self._task, what=what)

    def done(self, line: str = "") -> None:
        self._progress.advance(self._task)
        if line:
            self._progress.console.print(line, markup=False)
        if self._left_s and time.monotonic() - self._looked > LOOK_INTERVAL_S:
            self._looked = time.monotonic()
            self._progress.update(self._task, left=minutes(self._left_s()))


class _Lines:
    def __init__(self, title: str, total: int, left_s: Left | None) -> None:
        self._title, self._total, self._count = title, total, 0
        self._left_s = left_s or self._as_so_far
        self._started = self._spoken = time.monotonic()

    def now(self, what: str) -> None:
        pass

    def done(self, line: str = "") -> None:
        self._count += 1
        if line:
            console.print(line, markup=False)
        now = time.monotonic()
        if now - self._spoken < LINE_INTERVAL_S and self._count < self._total:
            return
        self._spoken = now
        left_s = self._left_s()
        console.print(f"{self._title}: {self._count}/{self._total}, {left_s:.0f} s left")

    def _as_so_far(self) -> float:
        took_s = time.monotonic() - self._started
        return took_s / self._count * (self._total - self._count)


@contextmanager
def steps(title: str, total: int, left_s: Left | None = None) -> Iterator[Steps]:
    """Show ``total`` steps under a title while the block runs.

    ``left_s`` returns how many seconds are left, if steps differ too much to predict the
    rest from the finished ones.
    """
    if not console.is_terminal:
        yield _Lines(title, total, left_s)
        return
    # Most commands show no bar, and need not load one.
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TextColumn("{task.fields[left]}") if left_s else TimeRemainingColumn(),
        TextColumn("[dim]{task.fields[what]}"),
    )
    with Progress(*columns, console=console) as progress:
        yield _Bar(progress, title, total, left_s)
