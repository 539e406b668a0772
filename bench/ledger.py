"""A ledger of what happened to every message, in a file that outlives its process.

One byte and one moment for each sender and sequence number, in memory that is mapped to a
file: what a process wrote is there for others at once, and stays when it is killed. A role
keeps one for each thing it does: ``given`` (a driver), ``taken`` (a consumer), ``handled``
(who serves or works). Nothing here writes to a disk on purpose: the folder of a trial is
short-lived.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
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

COUNTERS = ("unexpected", "reordered", "gaps", "raised", "ended", "first_told_ns")
"""What belongs to no message: of things nobody sent, of inversions, of gaps known, of
times the role raised or ended early, when it first told of a failure."""
WORD = 8
KINDS = ("given", "taken", "handled")


class Ledger:
    """One role's ledger of one kind, shape (senders, messages).

    ``create`` makes the file; without it an existing one is opened. Moments are
    nanoseconds of the system's monotonic clock, 0 where there was none yet.
    """

    def __init__(
        self, path: Path, senders: int, messages: int, *, create: bool = False
    ) -> None:
        self.senders, self.messages = senders, messages
        cells = senders * messages
        size = (len(COUNTERS) + cells) * WORD + cells
        with open(path, "w+b" if create else "r+b") as file:
            if create:
                file.truncate(size)
            self._map = mmap.mmap(file.fileno(), size)
        words = memoryview(self._map)[: (len(COUNTERS) + cells) * WORD].cast("q")
        self.counters = words[: len(COUNTERS)]
        self.times_ns = words[len(COUNTERS) :]
        self.marks = memoryview(self._map)[(len(COUNTERS) + cells) * WORD :]

    def place(self, sender: int, sequence: int) -> int | None:
        """Return where a message stands, None for one that nobody can have sent."""
        if sender >= self.senders or sequence >= self.messages:
            return None
        return sender * self.messages + sequence

    def happened(self, place: int, now_ns: int) -> None:
        """Count one more time; the moment is that of the first."""
        mark = self.marks[place]
        if mark & COUNT < COUNT_MAX:
            self.marks[place] = mark + 1
        if not self.times_ns[place]:
            self.times_ns[place] = now_ns

    def flag(self, place: int, flag: int) -> None:
        self.marks[place] |= flag

    def add(self, counter: str, more: int = 1) -> None:
        self.counters[COUNTERS.index(counter)] += more

    def told(self, now_ns: int) -> None:
        """Note when the application was first told that something had failed."""
        place = COUNTERS.index("first_told_ns")
        if not self.counters[place]:
            self.counters[place] = now_ns


def ledger_path(folder: Path, role: str, incarnation: int, kind: str) -> Path:
    return folder / f"{role}.{incarnation}.{kind}"


def ledger_paths(folder: Path, role: str, kind: str) -> Iterator[tuple[int, Path]]:
    """Yield each incarnation of a role with its ledger of a kind, in order."""
    incarnation = 0
    while (path := ledger_path(folder, role, incarnation, kind)).exists():
        yield incarnation, path
        incarnation += 1
