"""The records of a consuming role: heads of messages, samples and stamps.

Timed trials keep the head of every message (its header), and one whole message in
``CHUNK``. Stamps go to arrays that are made before the window. Conformance checks every
message instead.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any

from bench.hosts import message as msg
from bench.hosts.stream import stamps_into

HEAD = msg.HEADER_BYTES
SMALL_BYTES = 128
"""Messages up to this size are kept whole: cutting off their header would cost more."""
HEAD_OF = itemgetter(slice(HEAD))
FIRST = itemgetter(0)
CHUNK = 64
"""In throughput trials a consumer stamps the last of ``CHUNK`` messages, and the first."""


def head_bytes(size_bytes: int) -> int:
    """Return how many bytes a consumer keeps of each message of a size."""
    return size_bytes if HEAD <= size_bytes <= SMALL_BYTES else HEAD


class Heads:
    """The first ``width`` bytes of each message of a window, in the order of arrival.

    New heads go to ``pending``. Every ``CHUNK`` messages, ``settle`` moves them into one
    buffer, which exists before the role starts. So memory of the harness does not count as
    the role's. The first touch of a page would cost a message a microsecond.
    """

    def __init__(self, expected: int, size_bytes: int) -> None:
        self.width = head_bytes(size_bytes)
        self.pending: list[bytes] = []
        self._whole = self.width == size_bytes
        self._buffer = bytearray(b"\xff") * (expected * self.width)
        self._settled = 0

    def __len__(self) -> int:
        return self._settled + len(self.pending)

    def of(self, messages: Iterator[bytes]) -> Iterator[bytes]:
        """Return the heads of ``messages``, cut off in C, or as they are."""
        return messages if self._whole else map(HEAD_OF, messages)

    def settle(self) -> None:
        heads = b"".join(self.pending)
        start = self._settled * self.width
        self._buffer[start : start + len(heads)] = heads
        self._settled += len(self.pending)
        self.pending.clear()

    def view(self) -> memoryview:
        """Return the bytes of all heads, without a copy of what may be many MiB."""
        self.settle()
        return memoryview(self._buffer)[: self._settled * self.width]


class Recorder:
    """Counts, stamps and heads of what one consuming role yields.

    ``expected`` is how many messages end the window, ``turn`` how many end a turn of it.
    They are the same where the window is not cut. ``every`` stamps each message (latency),
    otherwise the first, the last of each turn and the last of each ``CHUNK``. ``tell`` gets
    the event ``seen`` for each new sender in warm-up, and ``counted`` when all of a turn
    has arrived.
    """

    def __init__(
        self,
        expected: int,
        every: bool,
        size_bytes: int,
        tell: Callable[..., None],
        turn: int,
    ) -> None:
        self.expected = expected
        self._ends = range(turn, expected + 1, turn) if turn else range(0)
        self.every = every
        self.tell = tell
        self.heads = Heads(expected, size_bytes)
        self.samples: list[bytes] = []
        self.arrived_ns = array("q")
        self.warm = 0
        self._senders: set[int] = set()

    @property
    def count(self) -> int:
        return len(self.heads)

    @property
    def arrivals(self) -> int:
        """How many messages of warm-up and window have arrived."""
        return self.warm + self.count

    def is_warm_up(self, message: bytes) -> bool:
        """Record the sender of a warm-up message. Returns False for one of the window."""
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
        for end in self._ends:
            hot_loop(stream, end)
            self._all_in(end)
        for message in stream:
            self._take_extra(message)

    def _take(self, message: bytes) -> None:
        self.arrived_ns.append(time.perf_counter_ns())
        self._sample(message)

    # The loops below run in C. Between two messages another process has had the CPU, and
    # each line of Python that is not in the cache costs a round trip a microsecond or more.

    def _rest_of_chunk(self, end: int) -> int:
        """Return how many messages come before the one that ends a chunk, or the turn."""
        return min(CHUNK - self.count % CHUNK, end - self.count) - 1

    def _take_stamped(self, stream: Iterator[bytes], end: int) -> None:
        pairs = zip(stream, stamps_into(self.arrived_ns))  # noqa: B905  (ends with stream)
        while self.count < end:
            rest = self._rest_of_chunk(end)
            self.heads.pending.extend(self.heads.of(map(FIRST, islice(pairs, rest))))
            pair = next(pairs, None)
            if pair is None:
                return
            self._sample(pair[0])

    def _take_chunks(self, stream: Iterator[bytes], end: int) -> None:
        while self.count < end:
            rest = self._rest_of_chunk(end)
            self.heads.pending.extend(self.heads.of(islice(stream, rest)))
            message = next(stream, None)
            if message is None:
                return
            self.arrived_ns.append(time.perf_counter_ns())
            self._sample(message)

    def _sample(self, message: bytes) -> None:
        self.samples.append(message)
        self.heads.pending.append(message[: self.heads.width])
        self.heads.settle()

    def _all_in(self, end: int) -> None:
        if self.count >= end:
            self.tell("counted")

    def _take_extra(self, message: bytes) -> None:
        if not self.is_warm_up(message):
            self.heads.pending.append(message[: self.heads.width])

    async def consume_async(self, stream: AsyncIterator[bytes]) -> None:
        async for message in stream:
            if not self.is_warm_up(message):
                self._take(message)
                break
        hot_loop = self._stamped_async if self.every else self._chunks_async
        for end in self._ends:
            await hot_loop(stream, end)
            self._all_in(end)
        async for message in stream:
            self._take_extra(message)

    async def _stamped_async(self, stream: AsyncIterator[bytes], end: int) -> None:
        now, stamp = time.perf_counter_ns, self.arrived_ns.append
        append, width = self.heads.pending.append, self.heads.width
        number = self.count
        if number >= end:
            return
        async for message in stream:
            stamp(now())
            append(message[:width])
            number += 1
            if number == end:
                self.samples.append(message)
                return

    async def _chunks_async(self, stream: AsyncIterator[bytes], end: int) -> None:
        append, width = self.heads.pending.append, self.heads.width
        number = self.count
        if number >= end:
            return
        next_stamp = number + self._rest_of_chunk(end) + 1
        async for message in stream:
            append(message[:width])
            number += 1
            if number == next_stamp:
                self.arrived_ns.append(time.perf_counter_ns())
                self.samples.append(message)
                self.heads.settle()
                if number == end:
                    return
                next_stamp = number + self._rest_of_chunk(end) + 1

    def result(self, size_bytes: int) -> dict[str, Any]:
        """Return the counts. Wrong messages are samples that differ from the sent ones."""
        bad = [m for m in self.samples if len(m) != size_bytes or not msg.intact(m)]
        return {
            "count": self.count,
            "wrong": len(bad),
            "head_bytes": self.heads.width,
        }


class CheckingRecorder(Recorder):
    """Verifies every message in full, for conformance; never used in a timed trial.

    ``requests`` is given where replies must match requests by position; ``transform``
    undoes what ``handle`` did to a message.
    """

    def __init__(
        self,
        expected: int,
        sizes_bytes: Sequence[int],
        requests: list[bytes] | None,
        transform: bytes | None,
        tell: Callable[..., None],
    ) -> None:
        super().__init__(0, True, 0, tell, 0)
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
        if message is None and self._requests is None:
            return  # a gap that the cell knows of: the missing messages count as lost
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
            self.heads.pending.append(message[: self.heads.width])

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
                    self._all_in(self.expected)

    def consume(self, stream: Iterator[bytes]) -> None:
        for message in stream:
            if not self.is_warm_up(message):
                self._take(message)
                if self.taken == self.expected:
                    self._all_in(self.expected)

    def result(self, size_bytes: int) -> dict[str, Any]:
        del size_bytes  # each message was compared when it arrived
        return {
            "count": self.taken,
            "head_bytes": self.heads.width,
            "wrong": len(self.wrong),
            "wrong_first": self.wrong[:3],
            "bare": self.bare,
        }
