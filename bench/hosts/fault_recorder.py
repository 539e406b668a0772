"""Classify and record each message that a consumer gets in a trial with a fault."""

from __future__ import annotations

import time
from typing import Any

from bench.hosts import message as msg
from bench.hosts.fault_stream import EARLY, OfferedStream
from bench.hosts.ledger import RAISED, REPORTED, WRONG, Ledger


class Accountant:
    """Classifies each message that a consumer gets, and records it in the ledger.

    A consumer that also drives has its own ``stream``. Its replies are matched to its
    requests by position, starting with the first join message, so that a client which is
    off by one is found at once. ``complement``: a handle changed the message.
    """

    def __init__(
        self, taken: Ledger, complement: bool, stream: OfferedStream | None, tell: Any
    ) -> None:
        self.taken = taken
        self._complement = complement
        self._stream = stream
        self._tell = tell
        self._answered = 0
        self._gap = False
        self._newest: dict[int, int] = {}
        self._seen: set[int] = set()

    def take(self, message: Any) -> None:
        """Record an item that the role yielded: a message, or None for a known loss."""
        now_ns = time.perf_counter_ns()
        if self._stream is not None:
            self._take_answer(message, self._next_asked(), now_ns)
        elif message is None:
            self._gap = True
            self.taken.add("gaps")
            self.taken.told(now_ns)
        elif is_early(message):
            self._take_warm_up(message)
        else:
            self._take_one_way(message, now_ns)

    def _take_warm_up(self, message: bytes) -> None:
        self._gap = False  # messages before this are not due to a late joiner
        sender = msg.sender(message)
        if sender not in self._seen:
            self._seen.add(sender)
            self._tell("seen", sender=sender)

    def _next_asked(self) -> int | None:
        """Return the message whose reply is due next, None without one."""
        assert self._stream
        if self._answered >= len(self._stream.given_order):
            return None
        self._answered += 1
        return self._stream.given_order[self._answered - 1]

    def _take_answer(self, message: Any, asked: int | None, now_ns: int) -> None:
        assert self._stream
        if asked is None:
            self._take_unasked(message, now_ns)
        elif asked == EARLY:
            if is_early(message):
                self._take_warm_up(message)
        elif message is None:
            self._flag(asked, REPORTED)
            self.taken.told(now_ns)
        elif self._answers(message, asked):
            self.taken.happened(self._place(asked), now_ns)
        else:
            self._flag(asked, WRONG)

    def _answers(self, message: Any, sequence: int) -> bool:
        assert self._stream
        if not isinstance(message, bytes):
            return False
        return message.translate(msg.COMPLEMENT) == self._stream.message(sequence)

    def _take_unasked(self, message: Any, now_ns: int) -> None:
        """Record a surplus answer: a repeated one, or an unknown one."""
        place = identify(message, self.taken, self._complement)
        if place is not None and self.taken.times_ns[place]:
            self.taken.happened(place, now_ns)
        else:
            self.taken.add("unexpected")

    def _place(self, sequence: int) -> int:
        assert self._stream
        place = self.taken.place(self._stream.sender, sequence)
        assert place is not None
        return place

    def _flag(self, sequence: int, flag: int) -> None:
        self.taken.flag(self._place(sequence), flag)

    def _take_one_way(self, message: Any, now_ns: int) -> None:
        place = identify(message, self.taken, self._complement)
        if place is None:
            self.taken.add("unexpected")
            return
        sender, sequence = divmod(place, self.taken.messages)
        if self._gap:
            self._report(sender, self._newest.get(sender, -1) + 1, sequence)
            self._gap = False
        if sequence < self._newest.get(sender, -1) and not self.taken.times_ns[place]:
            self.taken.add("reordered")
        self._newest[sender] = max(self._newest.get(sender, -1), sequence)
        self.taken.happened(place, now_ns)

    def _report(self, sender: int, first: int, past: int) -> None:
        """Record that the application knows about the messages missing in between."""
        for missing in range(first, past):
            self.taken.flag(sender * self.taken.messages + missing, REPORTED)

    def note_break(self) -> None:
        """Record that the application saw its stream end: the next message shows the gap.

        Results have no order, so they show no gap.
        """
        self._gap |= self._stream is None and not self._complement

    def give_up_what_is_in_hand(self) -> None:
        """Record that the role raised: open requests get no answer any more."""
        while self._stream is not None and (asked := self._next_asked()) is not None:
            if asked != EARLY:
                self._flag(asked, RAISED)


def is_early(message: Any) -> bool:
    """Return whether a message is from before the load began, and not garbage."""
    if not isinstance(message, bytes) or not msg.is_warm_up(message):
        return False
    return msg.intact(message)


def identify(message: Any, ledger: Ledger, complement: bool) -> int | None:
    """Return the place of a message in a ledger, None if it was never sent."""
    if not isinstance(message, bytes):
        return None
    if complement:
        message = message.translate(msg.COMPLEMENT)
    if not msg.has_header(message) or not msg.intact(message):
        return None
    header = msg.read_header(message)
    return ledger.place(header.sender, header.sequence)
