"""The fate of all messages of a web of peers, read from the ledgers of its trial."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.faults.chaos import Blow
from bench.faults.ledger_page import Page, earliest_ns, read_page
from bench.faults.usage import Usage
from bench.faults.web_members import Member, Members
from bench.hosts.ledger import COUNT, ledger_path
from bench.hosts.offers import Schedule, due_ns, target

Times = NDArray[np.int64]
ANSWERED, FOUND = ("call", "met"), ("discover", "taken")
"""The ledgers of when peers met: of a role, and of a kind."""
COUNTERS = ("unexpected", "raised", "ended")


@dataclass
class WebRecord:
    """The fate of all messages of one trial. Moments are nanoseconds, 0 for never.

    ``joined_s`` is from the last start until all peers had had an answer of each other.
    ``well`` are the numbers of the peers that nothing was done to. ``blows`` are those of a
    monkey, after which nobody counts as struck. For each peer by number:
    ``asked`` and ``answered`` are moments of its requests, which were due at ``asks_due``;
    of each that sends news or jobs, ``sent_due`` is when these were due. ``news`` has how
    often a subscriber got a message of another peer, by (subscriber, publisher); ``jobs``
    how often results of a distributor's jobs were collected by anybody. ``usage`` is by
    size of peer. A trial of peers that find each other has ``joined_s``, and how many
    addresses each was given.
    """

    peers: int
    fault_ns: int
    stop_ns: int
    calm_ns: int
    joined_s: float
    well: frozenset[int]
    asks_due: dict[int, Times] = field(default_factory=dict)
    asked: dict[int, Times] = field(default_factory=dict)
    answered: dict[int, Times] = field(default_factory=dict)
    sent_due: dict[int, Times] = field(default_factory=dict)
    news: dict[tuple[int, int], NDArray[np.int64]] = field(default_factory=dict)
    jobs: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    usage: dict[str, list[Usage]] = field(default_factory=dict)
    counters: dict[str, int] = field(default_factory=dict)
    handled_twice: int = 0
    blows: tuple[Blow, ...] = ()
    addresses_given: int | None = None


class WebLedgers:
    """The ledgers of all members in all their lives, as they are now."""

    def __init__(
        self, members: Members, folder: Path, schedule: Schedule, messages: int
    ) -> None:
        self._members, self._folder = members, folder
        self._schedule, self._messages = schedule, messages

    def met(self, role: str, kind: str) -> Iterator[Times]:
        """Yield when each peer first met each other, by its number, in a kind of ledger."""
        for each in self._members.peers:
            if page := self._page(each, role, 0, kind, len(self._members.peers)):
                yield page.times_ns[:, 0]

    def _page(
        self, member: Member, role: str, life: int, kind: str, senders: int
    ) -> Page | None:
        path = ledger_path(self._folder, member.role_id(role), life, kind)
        return read_page(path, senders, self._messages) if path.exists() else None

    def _pages(self, member: Member, role: str, kind: str, senders: int) -> list[Page]:
        """Return the ledgers of a role in all lives of its member."""
        lives = range(len(member.lives))
        pages = (self._page(member, role, life, kind, senders) for life in lives)
        return [page for page in pages if page]

    def read(self, record: WebRecord) -> None:
        """Add to a record what became of all messages."""
        peers, messages = self._members.peers, self._messages
        every: list[Page] = []
        jobs = np.zeros((len(peers), messages), dtype=np.int64)
        for each in peers:
            number = each.number
            made = self._pages(each, "call", "given", 1)
            replies = self._pages(each, "call", "taken", 1)
            record.asks_due[number] = self._due(number, asks=True)
            record.asked[number] = _earliest(made, messages)
            record.answered[number] = _earliest(replies, messages)
            if each.plays("publish") or each.plays("distribute"):
                record.sent_due[number] = self._due(number, asks=False)
            heard = self._pages(each, "subscribe", "taken", len(peers))
            for other in peers:
                if other.plays("publish") and other is not each:
                    counts = _counts(heard, len(peers), messages)[other.number]
                    record.news[number, other.number] = counts
            done = self._pages(each, "collect", "taken", len(peers))
            jobs += _counts(done, len(peers), messages)
            served = self._pages(each, "serve", "handled", len(peers))
            record.handled_twice += sum(int(page.repeats.sum()) for page in served)
            every += [*replies, *heard, *done, *served]
        for each in peers:
            if each.plays("distribute"):
                record.jobs[each.number] = jobs[each.number]
        for name in COUNTERS:
            record.counters[name] = sum(page.counters[name] for page in every)

    def _due(self, number: int, *, asks: bool) -> Times:
        due = due_ns(self._schedule, number, self._messages, asks=asks)
        return np.array(due, dtype=np.int64)


def _earliest(pages: list[Page], messages: int) -> Times:
    """Return the first moment of each message of one sender over all lives, 0 for never."""
    if not pages:
        return np.zeros(messages, dtype=np.int64)
    return earliest_ns([page.times_ns[0] for page in pages])


def _counts(pages: list[Page], senders: int, messages: int) -> NDArray[np.int64]:
    """Return how often each message was taken over all lives."""
    total = np.zeros((senders, messages), dtype=np.int64)
    for page in pages:
        total += page.marks & COUNT
    return total


def targets(record: WebRecord, number: int) -> Times:
    """Return the target of each request of a peer, by number."""
    numbers = range(len(record.asks_due[number]))
    return np.array([target(number, n, record.peers) for n in numbers], dtype=np.int64)
