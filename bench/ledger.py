"""A ledger of what happened to every message, in a file that outlives its process.

One byte and one moment for each sender and sequence number, in memory that is mapped to a
file: what a process wrote is there for others at once, and stays when it is killed. A role
keeps one for each thing it does: ``given`` (a driver), ``taken`` (a consumer), ``handled``
(who serves or works). Nothing here writes to a disk on purpose: the folder of a trial is
short-lived.

A killed process may leave the last thing it did half written: the moment is written first,
so that what has a moment happened, whatever its mark says.
"""

from __future__ import annotations

import mmap
import os
import threading
from pathlib import Path

COUNT = 0x0F
"""The low bits of a mark: how often it happened, at most ``COUNT_MAX``."""
COUNT_MAX = 15
REPORTED = 0x10
"""The application was told that this message failed: a None, a gap, undeliverable."""
RAISED = 0x20
"""The role raised while it had this message in hand."""
WRONG = 0x40
"""What came back was not the answer to this message."""

COUNTERS = ("unexpected", "reordered", "gaps", "raised", "ended", "told")
"""What belongs to no message: of things nobody sent, of inversions, of gaps known, of
times the role raised or ended early, of times the application was told of a failure."""
TOLD_MAX = 256
"""Of how many of these times the moment is kept: the first ones."""
WORD = 8
KINDS = ("given", "taken", "handled")


class Ledger:
    """One role's ledger of one kind, shape (senders, messages).

    ``create`` makes the file; without it an existing one is opened. Moments are
    nanoseconds of the system's monotonic clock, 0 where there was none yet. Several threads
    of the role may write to it.
    """

    def __init__(
        self, path: Path, senders: int, messages: int, *, create: bool = False
    ) -> None:
        self.senders, self.messages = senders, messages
        cells = senders * messages
        words = len(COUNTERS) + TOLD_MAX + cells
        size = words * WORD + cells
        if create:
            _make(path, size)
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), size)
        moments = memoryview(self._map)[: words * WORD].cast("q")
        self.counters = moments[: len(COUNTERS)]
        self.told_ns = moments[len(COUNTERS) : len(COUNTERS) + TOLD_MAX]
        self.times_ns = moments[len(COUNTERS) + TOLD_MAX :]
        self.marks = memoryview(self._map)[words * WORD :]
        self._turn = threading.Lock()

    def place(self, sender: int, sequence: int) -> int | None:
        """Return where a message stands, None for one that nobody can have sent."""
        if sender >= self.senders or sequence >= self.messages:
            return None
        return sender * self.messages + sequence

    def happened(self, place: int, now_ns: int) -> None:
        """Count one more time; the moment is that of the first."""
        with self._turn:
            if not self.times_ns[place]:
                self.times_ns[place] = now_ns
            mark = self.marks[place]
            if mark & COUNT < COUNT_MAX:
                self.marks[place] = mark + 1

    def flag(self, place: int, flag: int) -> None:
        with self._turn:
            self.marks[place] |= flag

    def add(self, counter: str, more: int = 1) -> None:
        with self._turn:
            self.counters[COUNTERS.index(counter)] += more

    def told(self, now_ns: int) -> None:
        """Note that the application was told that something had failed."""
        with self._turn:
            place = self.counters[COUNTERS.index("told")]
            if place < TOLD_MAX:
                self.told_ns[place] = now_ns
            self.counters[COUNTERS.index("told")] = place + 1


def _make(path: Path, size: int) -> None:
    """Make a file of zeros. It is seen under its name when it is whole, not before."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with open(unfinished, "wb") as file:
        file.truncate(size)
    os.rename(unfinished, path)


def ledger_path(folder: Path, role: str, incarnation: int, kind: str) -> Path:
    return folder / f"{role}.{incarnation}.{kind}"
