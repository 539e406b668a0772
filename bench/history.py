"""What became of every message of a trial with a failure.

The classes are Jepsen's, for a history of operations that end in "ok", "fail" or nobody
knows (checker.clj, ``set`` and ``total-queue``): each message that was offered to a
consumer is in exactly one of

    delivered   it arrived, or was answered rightly
    reported    it did not, and the application was told so
    wrong       something else came in its place: a stale or swapped answer
    silent      it was taken from the application and never heard of again
    died        as silent, but the process that had taken it was killed
    held        it was due and never taken: the application was kept waiting

and beside those are counted: orphaned (not delivered, and the process that had taken it was
killed, whether it was reported or not), recovered (delivered although it was reported
failed), duplicated, reordered, and unexpected messages, which nobody had sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEADLINE_NS = 100_000_000
"""A message that takes longer is late: it does not count as service."""
BACK_NS = 1_000_000_000
BACK_SHARE = 0.95
"""Service is back with the message from which on, for so long a time, this share came by
the deadline: of what did so before the fault."""
CLASSES = ("delivered", "reported", "wrong", "silent", "died", "held")
BESIDE = ("orphaned", "recovered", "duplicated", "reordered", "unexpected")


@dataclass
class Line:
    """What one consumer was owed, message by message; arrays of shape (owed,).

    ``state`` indexes CLASSES. ``arrived_ns`` is 0 where nothing arrived; ``given_ns`` 0
    where the message was never taken.
    """

    consumer: str
    sender: int
    sequence: NDArray[np.int64]
    intended_ns: NDArray[np.int64]
    given_ns: NDArray[np.int64]
    arrived_ns: NDArray[np.int64]
    state: NDArray[np.int8]
    beside: dict[str, int]

    def count(self, name: str) -> int:
        return int((self.state == CLASSES.index(name)).sum())

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
    """What is counted beside the classes and belongs to no line."""
    raised: int
    ended: int
    first_told_ns: int
    executed_twice: int
    """How many messages one process handled more than once."""
    remarks: dict[str, Any] = field(default_factory=dict)
    total_s: float = 0.0

    def total(self, name: str) -> int:
        """Return a class's count over all consumers, or of what is counted beside."""
        if name in CLASSES:
            return sum(line.count(name) for line in self.lines)
        counts = [self.beside, *(line.beside for line in self.lines)]
        return sum(count.get(name, 0) for count in counts)

    @property
    def attempted(self) -> int:
        return sum(len(line.sequence) for line in self.lines)
