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
from bench.hosts.stream import stamps_into

HEAD = msg.HEADER_BYTES
SMALL_BYTES = 128
"""Messages up to this size are kept whole: to cut their header off would cost more."""
HEAD_OF = itemgetter(slice(HEAD))
FIRST = itemgetter(0)
CHUNK = 64
"""In throughput trials a consumer stamps one message in so many."""


class Heads:
    """The first ``width`` bytes of each message of a window, in the order they came in.

    New ones go to ``pending``; ``settle`` moves them, every ``CHUNK`` messages, into one
    buffer that is claimed before the role starts: memory that the harness needs is not
    the role's, and a page touched for the first time would cost a message a microsecond.
    """

    def __init__(self, expected: int, size_bytes: int) -> None:
        self.width = size_bytes if HEAD <= size_bytes <= SMALL_BYTES else HEAD
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

    def to_bytes(self) -> bytes:
        self.settle()
        return bytes(self._buffer[: self._settled * self.width])


class Recorder:
    """Counts, stamps and heads of what one consuming role yields.

    ``expected`` is how many messages end the window. ``every`` stamps each message
    (latency), otherwise one stamp per ``CHUNK``. ``tell`` is told ``seen`` for each
    sender first seen in warm-up, and ``counted`` when the expected number is in.
    """

    def __init__(
        self, expected: int, every: bool, size_bytes: int, tell: Callable[..., None]
    ) -> None:
        self.expected = expected
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
            self.heads.pending.extend(self.heads.of(map(FIRST, islice(pairs, rest))))
            pair = next(pairs, None)
            if pair is None:
                return
            self._sample(pair[0])

    def _take_chunks(self, stream: Iterator[bytes]) -> None:
        while self.count < self.expected:
            rest = min(CHUNK, self.expected - self.count) - 1
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

    def _all_in(self) -> None:
        if self.count >= self.expected:
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
        await hot_loop(stream)
        self._all_in()
        async for message in stream:
            self._take_extra(message)

    async def _stamped_async(self, stream: AsyncIterator[bytes]) -> None:
        now, stamp = time.perf_counter_ns, self.arrived_ns.append
        append, width = self.heads.pending.append, self.heads.width
        number, expected = self.count, self.expected
        if number >= expected:
            return
        async for message in stream:
            stamp(now())
            append(message[:width])
            number += 1
            if number == expected:
                self.samples.append(message)
                return

    async def _chunks_async(self, stream: AsyncIterator[bytes]) -> None:
        append, width = self.heads.pending.append, self.heads.width
        number, expected = self.count, self.expected
        next_stamp = min(number + CHUNK, expected)
        if number >= expected:
            return
        async for message in stream:
            append(message[:width])
            number += 1
            if number == next_stamp:
                self.arrived_ns.append(time.perf_counter_ns())
                self.samples.append(message)
                self.heads.settle()
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
        return {
            "count": self.count,
            "covered": self._covered(),
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
        sizes_bytes: list[int],
        requests: list[bytes] | None,
        transform: bytes | None,
        tell: Callable[..., None],
    ) -> None:
        super().__init__(0, True, 0, tell)
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
            return  # a gap that the cell knows of: what it lacks is counted as lost
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
            "head_bytes": self.heads.width,
            "wrong": len(self.wrong),
            "wrong_first": self.wrong[:3],
            "bare": self.bare,
        }
