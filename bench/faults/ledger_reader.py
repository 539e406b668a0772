"""Reads the ledgers of a trial with a fault, while it runs and afterwards."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.errors import TrialError
from bench.faults.history import (
    BACK_NS,
    CLASSES,
    DEADLINE_NS,
    Beside,
    FailureRecord,
    Fate,
    Line,
)
from bench.faults.ledger_page import Page, earliest_ns, read_page
from bench.faults.schedule import due_offsets_ns
from bench.hosts.ledger import RAISED, REPORTED, WRONG, ledger_path

SERVICE_SHARE_MIN = 0.5
"""The share that must be in time before the fault; below it there is nothing to recover."""


class Incarnation(NamedTuple):
    """One process that played a role: when it was killed, None while it lives."""

    killed_ns: int | None


class LedgerReader:
    """Reads the ledgers of a trial, while it goes on or afterwards.

    ``roles`` has the incarnations of each role. ``start_ns`` and ``interval_ns`` define the
    schedule on which messages become due, with ``seed`` as of ``Schedule``. ``senders`` is
    the number of senders for which the ledgers have room, if more than the drivers whose
    messages count.
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
        senders: int = 0,
        seed: int | None = None,
    ) -> None:
        self._folder, self._roles = folder, roles
        self._drivers, self._consumers = list(drivers), list(consumers)
        self._messages = messages
        self._senders = senders or len(self._drivers)
        self._start_ns, self._interval_ns, self._seed = start_ns, interval_ns, seed

    def _pages(self, role: str, kind: str) -> list[Page]:
        pages = []
        for number, _ in enumerate(self._roles[role]):
            path = ledger_path(self._folder, role, number, kind)
            if path.exists():
                pages.append(read_page(path, self._senders, self._messages))
        return pages

    def _of_all(self, kind: str) -> dict[str, list[Page]]:
        """Return the ledgers of one kind of the roles that have some."""
        pages = ((role, self._pages(role, kind)) for role in self._roles)
        return {role: found for role, found in pages if found}

    def next_unsent(self, driver: str) -> int:
        """Return the first sequence number that no incarnation of a driver has given."""
        sender = self._drivers.index(driver)
        given = [page.times_ns[sender] for page in self._pages(driver, "given")]
        used = [int(np.flatnonzero(times)[-1]) + 1 for times in given if times.any()]
        return max(used, default=0)

    def last_given_ns(self, driver: str) -> int:
        """Return when a driver last took a message, 0 if it never did."""
        given = self._pages(driver, "given")
        return max((int(page.times_ns.max()) for page in given), default=0)

    def told_ns(self) -> list[int]:
        """Return when the application was told of a failure, in no order."""
        return [moment_ns for page in self._all_pages() for moment_ns in page.told_ns]

    def _all_pages(self) -> list[Page]:
        return [
            page
            for role in self._roles
            for kind in ("given", "taken", "handled")
            for page in self._pages(role, kind)
        ]

    def first_ns(self, role: str) -> int:
        """Return when a role first took or handled a message, 0 if it never did."""
        pages = [*self._pages(role, "taken"), *self._pages(role, "handled")]
        moments_ns = [page.times_ns[page.times_ns > 0] for page in pages]
        return min((int(ns.min()) for ns in moments_ns if len(ns)), default=0)

    def _due_ns(self, sender: int) -> NDArray[np.int64]:
        """Return when each message of a sender is due."""
        seed = None if self._seed is None else self._seed + sender
        return self._start_ns + due_offsets_ns(seed, self._interval_ns, self._messages)

    def _owed(self, sender: int, from_ns: int, until_ns: int) -> NDArray[np.int64]:
        """Return the sequence numbers due in a span, both ends included."""
        due_ns = self._due_ns(sender)
        return np.flatnonzero((from_ns <= due_ns) & (due_ns <= until_ns))

    def line(self, consumer: str, sender: int, from_ns: int, until_ns: int) -> Line:
        """Return the messages of one driver that were due at a consumer in a span."""
        driver = self._drivers[sender]
        numbers = self._owed(sender, from_ns, until_ns)
        taken = self._pages(consumer, "taken")  # first: its messages had been given before
        given = self._pages(driver, "given")
        never = np.zeros_like(numbers)
        given_ns = earliest_ns([never, *(p.times_ns[sender][numbers] for p in given)])
        arrived_ns = earliest_ns([never, *(p.times_ns[sender][numbers] for p in taken)])
        marks = [page.marks[sender][numbers] for page in (*taken, *given)]
        flags = np.bitwise_or.reduce(marks) if marks else np.zeros_like(numbers)
        was_given, delivered = given_ns > 0, (arrived_ns > 0) & (given_ns > 0)
        died = np.zeros(len(numbers), dtype=bool)
        for incarnation, page in zip(self._roles[driver], given, strict=False):
            if incarnation.killed_ns is not None:
                died |= page.times_ns[sender][numbers] > 0
        found = {
            Fate.DELIVERED: delivered,
            Fate.REPORTED: (flags & (REPORTED | RAISED)) > 0,
            Fate.WRONG: (flags & WRONG) > 0,
            Fate.DIED: died,
            Fate.SILENT: was_given,
        }
        state = np.select(
            list(found.values()),
            [CLASSES.index(fate) for fate in found],
            default=CLASSES.index(Fate.HELD),
        ).astype(np.int8)
        wrongly = [((p.times_ns > 0) & ((p.marks & REPORTED) > 0))[sender] for p in taken]
        beside: dict[str, int] = {
            Beside.ORPHANED: int((died & ~delivered).sum()),
            Beside.RECOVERED: int(sum(reported[numbers].sum() for reported in wrongly)),
            Beside.DUPLICATED: int(sum(p.repeats[sender].sum() for p in taken)),
            Beside.UNEXPECTED: int(((arrived_ns > 0) & ~was_given).sum()),
        }
        intended_ns = self._due_ns(sender)[numbers]
        return Line(
            consumer, sender, numbers, intended_ns, given_ns, arrived_ns, state, beside
        )

    def lines(self, until_ns: int, owed_from_ns: Mapping[str, int]) -> list[Line]:
        """Return every consumer's line; a consumer that drives must receive its own
        messages only.
        """
        found = []
        for consumer in self._consumers:
            own = consumer in self._drivers
            senders = [self._drivers.index(consumer)] if own else range(len(self._drivers))
            from_ns = owed_from_ns.get(consumer, self._start_ns)
            found += [self.line(consumer, s, from_ns, until_ns) for s in senders]
        return found

    def _nobody_lacks(self, lines: Sequence[Line]) -> int:
        """Return how many messages were reported lost although all their consumers have
        them.
        """
        count = 0
        for sender, driver in enumerate(self._drivers):
            given = self._pages(driver, "given")
            reported = {
                n for p in given for n in np.flatnonzero(p.marks[sender] & REPORTED)
            }
            mine = [line for line in lines if line.sender == sender]
            have = [{*li.sequence[li.are(Fate.DELIVERED)]} for li in mine]
            count += len(reported.intersection(*have)) if have else 0
        return count

    def serves(
        self,
        consumers: Sequence[str],
        calm_ns: int,
        healed_ns: int,
        owed_from_ns: Mapping[str, int],
    ) -> bool:
        """Say whether all these consumers have their service back by now."""
        until_ns = time.perf_counter_ns() - DEADLINE_NS
        if until_ns < healed_ns + BACK_NS - self._interval_ns:
            return False
        lines = self.lines(until_ns, owed_from_ns)
        return all(
            line.back_ns(self._interval_ns, calm_ns, healed_ns) is not None
            for line in lines
            if line.consumer in consumers
        )

    def count(
        self, fates: Sequence[Fate], until_ns: int, owed_from_ns: Mapping[str, int]
    ) -> int:
        """Return how many messages have one of some fates by now."""
        lines = self.lines(until_ns, owed_from_ns)
        return sum(line.count(fate) for line in lines for fate in fates)

    def record(
        self,
        calm_ns: int,
        fault_ns: int,
        struck_ns: int,
        healed_ns: int,
        stop_ns: int,
        owed_from_ns: Mapping[str, int],
        affected: set[str],
    ) -> FailureRecord:
        """Return the whole history.

        Raises TrialError where the classes do not add up to what was attempted.
        """
        lines = self.lines(stop_ns, owed_from_ns)
        for line in lines:
            _balance(line)
        pages = self._all_pages()
        handled, left = self._of_all("handled"), self._of_all("left")
        beside: dict[str, int] = {
            Beside.RECOVERED: self._nobody_lacks(lines),
            Beside.REORDERED: sum(page.counters["reordered"] for page in pages),
            Beside.UNEXPECTED: sum(page.counters["unexpected"] for page in pages),
        }
        told_ns = [moment for page in pages for moment in page.told_ns]
        return FailureRecord(
            lines,
            self._interval_ns,
            self._start_ns,
            calm_ns,
            fault_ns,
            struck_ns,
            healed_ns,
            stop_ns,
            affected,
            beside,
            raised=sum(page.counters["raised"] for page in pages),
            ended=sum(page.counters["ended"] for page in pages),
            first_told_ns=min((m for m in told_ns if m > fault_ns), default=0),
            executed_twice=sum(int(p.repeats.sum()) for ps in handled.values() for p in ps),
            handled_ns=_firsts_ns(handled),
            left_ns=_firsts_ns(left),
        )

    def require_service(
        self, consumers: Sequence[str], calm_ns: int, owed_from_ns: Mapping[str, int]
    ) -> None:
        """Raise TrialError if there was hardly any service before the fault.

        Messages that are due at random count together, because each consumer has few. They
        count however late they came: a slow database is service too.
        """
        lines = [
            line for line in self.lines(calm_ns, owed_from_ns) if line.consumer in consumers
        ]
        how = "in time"
        shares = {line.consumer: line.share_in_time(calm_ns) for line in lines}
        if lines and self._seed is not None:
            how, came = "at all", np.concatenate([line.arrived_ns > 0 for line in lines])
            shares = {"the service": float(came.mean()) if len(came) else 1.0}
        for who, share in shares.items():
            if share < SERVICE_SHARE_MIN:
                raise TrialError(
                    f"{who} had {100 * share:.0f} % of its messages {how} "
                    "before the fault: there is nothing to recover"
                )


def _balance(line: Line) -> None:
    """Raise TrialError unless the fates add up to the messages handed over. Messages of
    all fates except ``held`` were taken from the application, and no others.
    """
    counts = {str(fate): line.count(fate) for fate in Fate}
    taken = int((line.given_ns > 0).sum())
    attempted, held = len(line.sequence), counts.pop(Fate.HELD)
    if sum(counts.values()) != taken or taken + held != attempted:
        raise TrialError(
            f"{line.consumer}: the classes do not add up: {counts} of {taken} taken, "
            f"{held} held of {attempted} attempted"
        )


def _firsts_ns(pages: Mapping[str, Sequence[Page]]) -> dict[str, NDArray[np.int64]]:
    """Return when each role first had each message, over its incarnations."""
    return {role: earliest_ns([p.times_ns for p in found]) for role, found in pages.items()}
