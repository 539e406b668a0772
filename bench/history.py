"""What became of every message of a trial with a failure: read from the ledgers.

The classes are Jepsen's, for a history of operations that end in "ok", "fail" or nobody
knows (checker.clj, ``set`` and ``total-queue``): each message that was offered to a
consumer is in exactly one of

    delivered   it arrived, or was answered rightly
    reported    it did not, and the application was told so
    wrong       something else came in its place: a stale or swapped answer
    silent      it was taken from the application and never heard of again
    died        as silent, but the process that had taken it was killed
    held        it was due and never taken: the application was kept waiting

and beside those are counted: recovered (delivered although it was reported failed),
duplicated, reordered, and unexpected messages, which nobody had sent.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.ledger import (
    COUNT,
    COUNTERS,
    RAISED,
    REPORTED,
    WRONG,
    Ledger,
    ledger_path,
)

DEADLINE_NS = 100_000_000
"""A message that takes longer is late: it does not count as service."""
FLOWS_S = 0.5
"""Service is back when every message of so long a time was delivered by its deadline."""
CLASSES = ("delivered", "reported", "wrong", "silent", "died", "held")
BESIDE = ("recovered", "duplicated", "reordered", "unexpected")


class Incarnation(NamedTuple):
    """One process that played a role: when it was killed, None while it lives."""

    killed_ns: int | None


class Page(NamedTuple):
    """One ledger as arrays of shape (senders, messages), and its counters by name."""

    marks: NDArray[np.uint8]
    times_ns: NDArray[np.int64]
    counters: dict[str, int]


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


@dataclass
class FailureRecord:
    """A trial with a fault, as it was: moments of the monotonic clock in nanoseconds."""

    lines: list[Line]
    start_ns: int
    interval_ns: int
    stop_ns: int
    fault_ns: int
    healed_ns: int
    flowed_ns: int
    """Up to which moment everything had been in time when watching ended, 0 if never."""
    affected: set[str]
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
        return sum(line.beside[name] for line in self.lines)

    @property
    def attempted(self) -> int:
        return sum(len(line.sequence) for line in self.lines)


class Watcher:
    """Reads the ledgers of a trial, while it goes on or afterwards.

    ``roles`` has the incarnations of each role. ``start_ns`` and ``interval_ns`` are the
    grid on which messages become due.
    """

    def __init__(
        self,
        folder: Path,
        roles: Mapping[str, Sequence[Incarnation]],
        drivers: Sequence[str],
        consumers: Sequence[str],
        messages: int,
        start_ns: int,
        interval_ns: int,
    ) -> None:
        self._folder, self._roles = folder, roles
        self._drivers, self._consumers = list(drivers), list(consumers)
        self._messages = messages
        self._start_ns, self._interval_ns = start_ns, interval_ns

    def _pages(self, role: str, kind: str) -> list[Page]:
        pages = []
        for number, _ in enumerate(self._roles[role]):
            path = ledger_path(self._folder, role, number, kind)
            if path.exists():
                pages.append(self._page(path))
        return pages

    def _page(self, path: Path) -> Page:
        shape = len(self._drivers), self._messages
        ledger = Ledger(path, *shape)
        return Page(
            np.array(ledger.marks, dtype=np.uint8).reshape(shape),
            np.array(ledger.times_ns, dtype=np.int64).reshape(shape),
            dict(zip(COUNTERS, ledger.counters, strict=True)),
        )

    def next_unsent(self, driver: str) -> int:
        """Return the first sequence number that no incarnation of a driver has given."""
        sender = self._drivers.index(driver)
        given = [page.times_ns[sender] for page in self._pages(driver, "given")]
        used = [int(np.flatnonzero(times)[-1]) + 1 for times in given if times.any()]
        return max(used, default=0)

    def _owed(self, from_ns: int, until_ns: int) -> NDArray[np.int64]:
        """Return the sequence numbers due in a span, both ends included."""
        first = max(0, -((self._start_ns - from_ns) // self._interval_ns))
        past = min(self._messages, (until_ns - self._start_ns) // self._interval_ns + 1)
        return np.arange(first, max(first, past), dtype=np.int64)

    def line(self, consumer: str, sender: int, from_ns: int, until_ns: int) -> Line:
        """Return what a consumer was owed of one driver's messages, due in a span."""
        driver = self._drivers[sender]
        numbers = self._owed(from_ns, until_ns)
        taken = self._pages(consumer, "taken")
        given = self._pages(driver, "given")
        given_ns = _first([page.times_ns[sender][numbers] for page in given], numbers)
        arrived_ns = _first([page.times_ns[sender][numbers] for page in taken], numbers)
        marks = [page.marks[sender][numbers] for page in (*taken, *given)]
        flags = np.bitwise_or.reduce(marks) if marks else np.zeros_like(numbers)
        delivered = arrived_ns > 0
        reported = (flags & (REPORTED | RAISED)) > 0
        wrong = (flags & WRONG) > 0
        died = np.zeros(len(numbers), dtype=bool)
        for incarnation, page in zip(self._roles[driver], given, strict=False):
            if incarnation.killed_ns is not None:
                died |= page.times_ns[sender][numbers] > 0
        state = np.select(
            [delivered, reported, wrong, (given_ns > 0) & died, given_ns > 0],
            [
                CLASSES.index(c)
                for c in ("delivered", "reported", "wrong", "died", "silent")
            ],
            default=CLASSES.index("held"),
        ).astype(np.int8)
        repeats = [np.maximum((p.marks[sender] & COUNT).astype(int) - 1, 0) for p in taken]
        beside = {
            "recovered": int((delivered & ((flags & REPORTED) > 0)).sum()),
            "duplicated": int(sum(times.sum() for times in repeats)),
            "reordered": sum(page.counters["reordered"] for page in taken),
            "unexpected": sum(page.counters["unexpected"] for page in taken),
        }
        intended_ns = self._start_ns + numbers * self._interval_ns
        return Line(
            consumer, sender, numbers, intended_ns, given_ns, arrived_ns, state, beside
        )

    def lines(self, until_ns: int, owed_from_ns: Mapping[str, int]) -> list[Line]:
        """Return every consumer's line; one that drives is owed its own messages only."""
        found = []
        for consumer in self._consumers:
            own = consumer in self._drivers
            senders = [self._drivers.index(consumer)] if own else range(len(self._drivers))
            from_ns = owed_from_ns.get(consumer, self._start_ns)
            found += [self.line(consumer, s, from_ns, until_ns) for s in senders]
        return found

    def flows_until(self, consumers: Sequence[str], since_ns: int) -> int:
        """Return up to which moment all that was due of late came in time, else 0.

        Of late is ``FLOWS_S``, and not before ``since_ns``.
        """
        until_ns = time.perf_counter_ns() - DEADLINE_NS
        from_ns = until_ns - int(FLOWS_S * 1e9)
        if from_ns < since_ns:
            return 0
        lines = [li for li in self.lines(until_ns, {}) if li.consumer in consumers]
        recent = [li.intended_ns >= from_ns for li in lines]
        in_time = all(
            (_late_ns(li)[now] <= DEADLINE_NS).all()
            for li, now in zip(lines, recent, strict=True)
        )
        return until_ns if in_time else 0

    def unaccounted(
        self, until_ns: int, owed_from_ns: Mapping[str, int]
    ) -> tuple[int, int]:
        """Return how many messages may still arrive or be reported, and how many moved."""
        lines = self.lines(until_ns, owed_from_ns)
        open_classes = [CLASSES.index(name) for name in ("silent", "held")]
        left = sum(int(np.isin(line.state, open_classes).sum()) for line in lines)
        moved = sum(int((line.given_ns > 0).sum()) for line in lines)
        return left, moved - left

    def record(
        self,
        stop_ns: int,
        fault_ns: int,
        healed_ns: int,
        flowed_ns: int,
        owed_from_ns: Mapping[str, int],
        affected: set[str],
        remarks: dict[str, Any],
    ) -> FailureRecord:
        """Return the whole history. The classes add up to what was attempted."""
        lines = self.lines(stop_ns, owed_from_ns)
        for line in lines:
            assert sum(line.count(name) for name in CLASSES) == len(line.sequence)
        pages = [
            page
            for role in self._roles
            for kind in ("given", "taken", "handled")
            for page in self._pages(role, kind)
        ]
        handled = [p for role in self._roles for p in self._pages(role, "handled")]
        told = [p.counters["first_told_ns"] for p in pages if p.counters["first_told_ns"]]
        return FailureRecord(
            lines,
            self._start_ns,
            self._interval_ns,
            stop_ns,
            fault_ns,
            healed_ns,
            flowed_ns,
            affected,
            raised=sum(page.counters["raised"] for page in pages),
            ended=sum(page.counters["ended"] for page in pages),
            first_told_ns=min(told, default=0),
            executed_twice=sum(
                int(np.maximum((p.marks & COUNT).astype(int) - 1, 0).sum()) for p in handled
            ),
            remarks=remarks,
        )


NEVER_NS = np.iinfo(np.int64).max


def _late_ns(line: Line) -> NDArray[np.int64]:
    """Return how long after its moment each message arrived; NEVER_NS where it did not."""
    return np.where(line.arrived_ns > 0, line.arrived_ns - line.intended_ns, NEVER_NS)


def _first(
    moments_ns: Sequence[NDArray[np.int64]], numbers: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the earliest moment over incarnations, 0 where there is none."""
    if not moments_ns:
        return np.zeros(len(numbers), dtype=np.int64)
    filled = [np.where(ns > 0, ns, NEVER_NS) for ns in moments_ns]
    earliest = np.minimum.reduce(filled)
    return np.where(earliest == NEVER_NS, 0, earliest)
