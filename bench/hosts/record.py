"""What a consuming role's host keeps of the messages it is given.

Timed trials keep the head of every message (its header) and one whole message in
``CHUNK``; stamps go to arrays made before the window. Conformance keeps a verdict on
every message instead.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from operator import itemgetter
from typing import Any

from bench import message as msg
from bench.hosts.stream import CHUNK, stamps_into

HEAD = msg.HEADER_BYTES
HEAD_OF = itemgetter(slice(HEAD))
FIRST = itemgetter(0)


class Recorder:
    """Counts, stamps and heads of what one consuming role yields.

    ``expected`` is how many messages end the window. ``every`` stamps each message
    (latency), otherwise one stamp per ``CHUNK``. ``tell`` is told ``seen`` for each
    sender first seen in warm-up, and ``counted`` when the expected number is in.
    """

    def __init__(self, expected: int, every: bool, tell: Callable[..., None]) -> None:
        self.expected = expected
        self.every = every
        self.tell = tell
        self.heads: list[bytes] = []
        self.samples: list[bytes] = []
        self.arrived_ns = array("q")
        self.warm = 0
        self._senders: set[int] = set()
        # The heads would count as the role's memory: claim theirs before `ready`, and
        # keep every 4096th so that the allocator holds on to the rest.
        self._claimed = [bytes(HEAD) for _ in range(expected)][::4096]

    @property
    def count(self) -> int:
        return len(self.heads)

    @property
    def arrivals(self) -> int:
        """How much has arrived of warm-up and window."""
        return self.warm + self.count

    def is_warm_up(self, message: bytes) -> bool:
        """Take note of a warm-up message's sender; False for a message of the window."""
        if not msg.is_warm_up(message):
            return False
        self.warm += not msg.is_join(message)
        sender = msg.sender(message)
        if sender not in self._senders:
            self._senders.add(sender)
            self.tell("seen", sender=sender)
        return True

    def consume(self, stream: Iterator[bytes]) -> None:
        first = next((m for m in stream if not self.is_warm_up(m)), None)
        if first is None:
            return
        self._take(first)
        hot_loop = self._take_stamped if self.every else self._take_chunks
        hot_loop(stream)
        self._all_in()
        for message in stream:
            self._take_extra(message)

    def _take(self, message: bytes) -> None:
        self.arrived_ns.append(time.perf_counter_ns())
        self._sample(message)

    # The loops below run in C, message by message: between two messages another process
    # has had the CPU, and each line of Python that is not in its cache costs a round trip
    # a microsecond and more.

    def _take_stamped(self, stream: Iterator[bytes]) -> None:
        pairs = zip(stream, stamps_into(self.arrived_ns))  # noqa: B905  (ends with stream)
        while self.count < self.expected:
            rest = min(CHUNK, self.expected - self.count) - 1
            self.heads.extend(map(HEAD_OF, map(FIRST, islice(pairs, rest))))
            pair = next(pairs, None)
            if pair is None:
                return
            self._sample(pair[0])

    def _take_chunks(self, stream: Iterator[bytes]) -> None:
        while self.count < self.expected:
            rest = min(CHUNK, self.expected - self.count) - 1
            self.heads.extend(map(HEAD_OF, islice(stream, rest)))
            message = next(stream, None)
            if message is None:
                return
            self.arrived_ns.append(time.perf_counter_ns())
            self._sample(message)

    def _sample(self, message: bytes) -> None:
        self.samples.append(message)
        self.heads.append(message[:HEAD])

    def _all_in(self) -> None:
        if self.count >= self.expected:
            self.tell("counted")

    def _take_extra(self, message: bytes) -> None:
        if not self.is_warm_up(message):
            self.heads.append(message[:HEAD])

    async def consume_async(self, stream: AsyncIterator[bytes]) -> None:
        async for message in stream:
            if not self.is_warm_up(message):
                self._take(message)
                break
        hot_loop = self._stamped_async if self.every else self._chunks_async
        await hot_loop(stream)
        self._all_in()
        async for message in stream:
            self._take_extra(message)

    async def _stamped_async(self, stream: AsyncIterator[bytes]) -> None:
        now, stamp, append = time.perf_counter_ns, self.arrived_ns.append, self.heads.append
        number, expected = self.count, self.expected
        if number >= expected:
            return
        async for message in stream:
            stamp(now())
            append(message[:HEAD])
            number += 1
            if number == expected:
                self.samples.append(message)
                return

    async def _chunks_async(self, stream: AsyncIterator[bytes]) -> None:
        append = self.heads.append
        number, expected = self.count, self.expected
        next_stamp = min(number + CHUNK, expected)
        if number >= expected:
            return
        async for message in stream:
            append(message[:HEAD])
            number += 1
            if number == next_stamp:
                self.arrived_ns.append(time.perf_counter_ns())
                self.samples.append(message)
                next_stamp = min(number + CHUNK, expected)
            if number == expected:
                return

    def _covered(self) -> int:
        """Return how many messages the last stamp covers."""
        stamps = len(self.arrived_ns)
        if self.every or not stamps:
            return stamps
        return min(self.count, 1 + (stamps - 1) * CHUNK)

    def result(self, size_bytes: int) -> dict[str, Any]:
        """Return the counts; wrong ones are samples that are not what was sent."""
        bad = [m for m in self.samples if len(m) != size_bytes or not msg.intact(m)]
        return {"count": self.count, "covered": self._covered(), "wrong": len(bad)}


class CheckingRecorder(Recorder):
    """Verifies every message in full, for conformance; never used in a timed trial.

    ``requests`` is given where replies must match requests by position; ``transform``
    undoes what ``handle`` did to a message.
    """

    def __init__(
        self,
        expected: int,
        sizes_bytes: list[int],
        requests: list[bytes] | None,
        transform: bytes | None,
        tell: Callable[..., None],
    ) -> None:
        super().__init__(0, True, tell)
        self.expected = expected
        self.taken = 0
        self.wrong: list[str] = []
        self.bare: dict[str, int] = {}
        self._sizes_bytes = sizes_bytes
        self._requests = requests
        self._transform = transform

    @property
    def count(self) -> int:
        return self.taken

    def _take(self, message: bytes) -> None:
        position = self.taken
        self.taken += 1
        if not isinstance(message, bytes):
            self.wrong.append(f"message {position} is {message!r}, not bytes")
            return
        if self._transform:
            message = message.translate(self._transform)
        if self._requests is not None and message != self._request(position):
            self.wrong.append(f"reply {position} does not belong to request {position}")
        elif not msg.has_header(message):
            self.bare[message.hex()] = self.bare.get(message.hex(), 0) + 1
        else:
            self._take_whole(message, position)

    def _request(self, position: int) -> bytes | None:
        requests = self._requests or []
        return requests[position] if position < len(requests) else None

    def _take_whole(self, message: bytes, position: int) -> None:
        sequence = msg.read_header(message).sequence
        size_bytes = self._sizes_bytes[sequence % len(self._sizes_bytes)]
        if not msg.intact(message) or len(message) != size_bytes:
            self.wrong.append(
                f"message {position} ({len(message)} bytes) is not one that was sent"
            )
        else:
            self.heads.append(message[:HEAD])

    def _take_extra(self, message: bytes) -> None:
        if not self.is_warm_up(message):
            self._take(message)

    def is_warm_up(self, message: bytes) -> bool:
        if message is not None and not isinstance(message, bytes):
            raise TypeError(f"the role yields {type(message).__name__}, not bytes")
        return message is not None and super().is_warm_up(message)

    async def consume_async(self, stream: AsyncIterator[bytes]) -> None:
        async for message in stream:
            if not self.is_warm_up(message):
                self._take(message)
                if self.taken == self.expected:
                    self._all_in()

    def consume(self, stream: Iterator[bytes]) -> None:
        for message in stream:
            if not self.is_warm_up(message):
                self._take(message)
                if self.taken == self.expected:
                    self._all_in()

    def result(self, size_bytes: int) -> dict[str, Any]:
        del size_bytes  # each message was compared with its own when it came
        return {
            "count": self.taken,
            "covered": self.taken,
            "wrong": len(self.wrong),
            "wrong_first": self.wrong[:3],
            "bare": self.bare,
        }
