"""The outcome of every message of a trial with a fault.

The classes are Jepsen's, for a history of operations that end in "ok", "fail" or unknown
(checker.clj, ``set`` and ``total-queue``): each message that was offered to a consumer is
in exactly one ``Fate``:

    delivered   it arrived, or was answered rightly
    reported    it did not, and the application was told so
    wrong       something else came in its place: a stale or swapped answer
    silent      it was taken from the application and never heard of again
    died        as silent, but the process that had taken it was killed
    held        it was due and never taken: the application was kept waiting

Further counts are beside these classes. Orphaned messages were not delivered, and the
process that had taken them was killed. Recovered messages were delivered although they were
reported as failed. The others are duplicated, reordered, and unexpected messages, which
were never sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.faults.breach import Breach

DEADLINE_NS = 100_000_000
"""A message that takes longer is late: it does not count as service."""
REPLY_S = 3.5
"""Within this time a client knows the fate of a request: three seconds, and a margin."""
BACK_NS = 1_000_000_000
BACK_SHARE = 0.95
"""Service is back with the message from which on, for so long a time, this share came by
the deadline: of what did so before the fault."""


class Fate(StrEnum):
    """The fate of a message that was due at a consumer."""

    DELIVERED = "delivered"
    REPORTED = "reported"
    WRONG = "wrong"
    SILENT = "silent"
    DIED = "died"
    HELD = "held"


class Beside(StrEnum):
    """Counts beside the fates; a message may be in several of them."""

    ORPHANED = "orphaned"
    RECOVERED = "recovered"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    UNEXPECTED = "unexpected"


CLASSES, BESIDE = tuple(Fate), tuple(Beside)
"""All of them; ``Line.state`` has a fate as its place among CLASSES."""


@dataclass
class Line:
    """The messages that were due at one consumer; arrays of shape (owed,).

    ``state`` has the place of each fate in CLASSES. ``arrived_ns`` is 0 where nothing
    arrived; ``given_ns`` 0 where the message was never taken.
    """

    consumer: str
    sender: int
    sequence: NDArray[np.int64]
    intended_ns: NDArray[np.int64]
    given_ns: NDArray[np.int64]
    arrived_ns: NDArray[np.int64]
    state: NDArray[np.int8]
    beside: dict[str, int]

    def are(self, fate: Fate) -> NDArray[np.bool_]:
        """Return which of the messages had a fate."""
        are: NDArray[np.bool_] = self.state == CLASSES.index(fate)
        return are

    def count(self, fate: Fate) -> int:
        return int(self.are(fate).sum())

    @property
    def in_time(self) -> NDArray[np.bool_]:
        arrived = self.arrived_ns > 0
        return arrived & (self.arrived_ns - self.intended_ns <= DEADLINE_NS)

    def share_in_time(self, until_ns: int) -> float:
        """Return which share of what was to be there by then came in time."""
        before = self.intended_ns <= until_ns - DEADLINE_NS
        return float(self.in_time[before].mean()) if before.any() else 1.0

    def back_ns(self, interval_ns: int, calm_ns: int, healed_ns: int) -> int | None:
        """Return when the message was due with which service was back, None if never.

        Up to ``calm_ns`` there was service before the fault, unless it began with that.
        """
        window = max(1, BACK_NS // interval_ns)
        counts = np.concatenate([[0], np.cumsum(self.in_time)])
        came = counts[window:] - counts[:-window]
        due_ns = self.intended_ns[: len(came)]
        enough = came >= BACK_SHARE * (self.share_in_time(calm_ns) or 1.0) * window
        back = enough & self.in_time[: len(came)] & (due_ns >= healed_ns)
        return int(due_ns[back.argmax()]) if back.any() else None


@dataclass
class FailureRecord:
    """A trial with a fault, as it was: moments of the monotonic clock in nanoseconds.

    Messages were due from ``start_ns`` to ``stop_ns``. Up to ``calm_ns`` nothing was done
    to the trial; the fault began at ``fault_ns``, was complete at ``struck_ns``, and what
    it broke was whole again at ``healed_ns``. ``first_told_ns`` is when the application was
    first told of a failure since, 0 if never.
    """

    lines: list[Line]
    interval_ns: int
    start_ns: int
    calm_ns: int
    fault_ns: int
    struck_ns: int
    healed_ns: int
    stop_ns: int
    affected: set[str]
    beside: dict[str, int]
    """Counts beside the classes that belong to no line."""
    raised: int
    ended: int
    first_told_ns: int
    executed_twice: int
    """How many messages one process handled more than once."""
    handled_ns: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    """When each handler handled each message first, 0 if never: (senders, messages)."""
    left_ns: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    """The same of the moment at which the handle had a reply."""
    breaches: list[Breach] = field(default_factory=list)
    """The breaches that the fault itself has found."""
    peaks_bytes: dict[str, int] = field(default_factory=dict)
    """The memory peak of each process, by its name."""
    remarks: dict[str, Any] = field(default_factory=dict)
    """Further facts that the fault has noted."""
    total_s: float = 0.0

    def total(self, name: Fate | Beside) -> int:
        """Return the count of a fate over all consumers, or of what is counted beside."""
        if name in CLASSES:
            return sum(line.count(Fate(name)) for line in self.lines)
        counts = [self.beside, *(line.beside for line in self.lines)]
        return sum(count.get(name, 0) for count in counts)

    @property
    def peak_bytes(self) -> int:
        """The largest memory peak of a process."""
        return max(self.peaks_bytes.values(), default=0)

    @property
    def attempted(self) -> int:
        return sum(len(line.sequence) for line in self.lines)
