"""A stream that continues through a failure: it offers messages on a grid of moments.

The harness sets the grid, so that a driver which was killed continues where its predecessor
stopped. A message is offered when its moment has passed, even if the cell has not asked for
it. A cell that was delayed takes all messages that are due as fast as it can.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import AsyncIterator, Iterator
from typing import Any

from bench.hosts import message as msg
from bench.hosts.ledger import Ledger
from bench.hosts.stream import Stream

EARLY = -1
"""The entry of ``given_order`` for a message from before the load began."""
LOOK_S = 0.02
"""How often an event loop that waits for a message checks if it must stop, in seconds."""


class OfferedStream(Stream):
    """The messages of one driver in one of its incarnations.

    ``ledger`` records each message that is given. ``begin`` sets the grid, and ``stop`` and
    ``hurry`` end it. A new iteration, after the role raised, continues with the rest.
    """

    def __init__(
        self, sender: int, incarnation: int, size_bytes: int, ledger: Ledger, **stream: Any
    ) -> None:
        super().__init__(messages=[], **stream)
        self._keeps_time = True
        self.sender = sender
        self._epoch = msg.WINDOW_EPOCH + incarnation
        self._size_bytes = size_bytes
        self._ledger = ledger
        self._next = 0
        self._start_ns = self._interval_ns = 0
        self._offsets_ns: array[int] | None = None
        self._stop_ns: int | None = None
        self._past: int | None = None
        self._sizes_bytes: dict[int, int] = {}
        self._stopped = threading.Event()
        self.given_order: list[int] = []
        """Sequence numbers in the order of giving, or EARLY. Replies have this order."""
        self.in_hand: int | None = None
        """The message that was given last, until the next is asked for."""

    @property
    def given(self) -> int:
        return sum(sequence != EARLY for sequence in self.given_order)

    def stamps(self) -> dict[str, array[int]]:
        return {}

    def begin(
        self, start_ns: int, interval_ns: int, first: int, seed: int | None = None
    ) -> None:
        """Offer message number n at ``start_ns + n * interval_ns``, from ``first`` on.

        With a seed the gaps are random, of this mean, and each sender has its own.
        """
        self._start_ns, self._interval_ns, self._next = start_ns, interval_ns, first
        if seed is not None:
            from bench.hosts.open_loop import offsets_ns

            rate_hz = 1e9 / interval_ns
            self._offsets_ns = offsets_ns(
                seed + self.sender, rate_hz, self._ledger.messages
            )
        self.warm.set()
        self.window.set()

    def stop(self, stop_ns: int) -> None:
        """Offer nothing that is due after ``stop_ns``."""
        self._stop_ns = stop_ns
        self._stopped.set()

    def hurry(self, past: int) -> None:
        """Offer all messages before number ``past`` at once, and no others."""
        self._past = past
        self._stopped.set()

    def enlarge(self, size_bytes: int) -> None:
        """Make the next message ``size_bytes`` large, and no other."""
        self._sizes_bytes[self._next] = size_bytes

    def _approach(self) -> Iterator[bytes | float]:
        for step in () if self.window.is_set() else super()._approach():
            if isinstance(step, bytes):
                self.given_order.append(EARLY)
            yield step

    @property
    def used_up(self) -> bool:
        return self._due_in_s() is None

    def _due_in_s(self) -> float | None:
        """Return in how many seconds the next message is due, or None if there is none."""
        if self._past is not None:
            return 0.0 if self._next < self._past else None
        if self._next >= self._ledger.messages:
            return None
        due_ns = self._start_ns + self._offset_ns(self._next)
        if self._stop_ns is not None and due_ns > self._stop_ns:
            return None
        return (due_ns - time.perf_counter_ns()) / 1e9

    def _offset_ns(self, sequence: int) -> int:
        if self._offsets_ns is None:
            return sequence * self._interval_ns
        return self._offsets_ns[sequence]

    def _give(self) -> bytes:
        sequence = self._next
        self._next += 1
        self.given_order.append(sequence)
        self.in_hand = sequence
        place = self._ledger.place(self.sender, sequence)
        assert place is not None
        self._ledger.happened(place, time.perf_counter_ns())
        return self.message(sequence)

    def message(self, sequence: int) -> bytes:
        size_bytes = self._sizes_bytes.get(sequence, self._size_bytes)
        return msg.build(self.sender, sequence, self._epoch, size_bytes)

    def _window(self) -> Iterator[bytes]:
        while (left_s := self._due_in_s()) is not None:
            if left_s > 0:
                self._pause(left_s)
            else:
                yield self._give()
                self.in_hand = None

    def _pause(self, left_s: float) -> None:
        if self._stopped.is_set():
            time.sleep(left_s)
        else:
            self._stopped.wait(left_s)

    async def _paced_async(self) -> AsyncIterator[bytes]:
        from asyncio import sleep

        while (left_s := self._due_in_s()) is not None:
            if left_s > 0:
                await sleep(min(left_s, LOOK_S))
            else:
                yield self._give()
                self.in_hand = None
