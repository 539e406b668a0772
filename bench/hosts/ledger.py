"""A ledger of the fate of every message, in a file that outlives its process.

A ledger has one byte and one moment for each sender and sequence number, in memory that is
mapped to a file. Other processes see each entry at once, and it stays after the writer is
killed. A role keeps a ledger for each of its activities: ``given`` (a driver), ``taken`` (a
consumer), ``handled`` and ``left`` (a server or worker, at both ends of its handle).
Nothing forces the file to a disk, because the folder of a trial is short-lived.

A killed process may leave its last entry half written. The moment is written first, so an
entry with a moment happened, whatever its mark.
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
"""The reply was not the reply to this message."""

COUNTERS = ("unexpected", "reordered", "gaps", "raised", "ended", "told")
"""Counters that belong to no message.

The first three are messages that were never sent, inversions and known gaps. The others are
how often the role raised, ended early, and reported a failure to its application.
"""
TOLD_MAX = 256
"""How many moments of reports are kept: the first ones."""
WORD = 8
KINDS = ("given", "taken", "handled", "left")


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
        """Return the place of a message, None if no sender can have sent it."""
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
        """Record that the application got a report of a failure."""
        with self._turn:
            place = self.counters[COUNTERS.index("told")]
            if place < TOLD_MAX:
                self.told_ns[place] = now_ns
            self.counters[COUNTERS.index("told")] = place + 1


def _make(path: Path, size: int) -> None:
    """Make a file of zeros. It gets its name only when it is complete."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with open(unfinished, "wb") as file:
        file.truncate(size)
    os.rename(unfinished, path)


def ledger_path(folder: Path, role: str, incarnation: int, kind: str) -> Path:
    return folder / f"{role}.{incarnation}.{kind}"
