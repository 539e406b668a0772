"""The messages that a peer has to send: their targets and their moments.

Everything follows from a seed and from the numbers of the peers, so that the harness knows
what was due even of a peer that was killed. A peer asks all others in turn. Its messages
are due at random moments, as those of independent users.
"""

from __future__ import annotations

import asyncio
import time
import zlib
from array import array
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import NamedTuple

from bench.hosts import message as msg
from bench.hosts.ledger import Ledger
from bench.hosts.open_loop import offsets_ns

ASK_EACH_S = 0.1
"""How often a peer asks those that have not answered yet, before messages are due."""
SERVER_BYTES = 4
NOBODY = 1 << 62
"""The sender of what is no message."""


class Schedule(NamedTuple):
    """When messages are due: ``asked_hz`` requests of each peer, ``sent_hz`` news or jobs.

    ``start_ns`` is a moment of the system's monotonic clock.
    """

    start_ns: int
    seed: int
    asked_hz: float
    sent_hz: float


def target(sender: int, sequence: int, peers: int) -> int:
    """Return which of ``peers`` a request is for: each other one in turn."""
    return (sender + 1 + sequence % (peers - 1)) % peers


def due_ns(schedule: Schedule, sender: int, messages: int, *, asks: bool) -> array[int]:
    """Return the moments at which a peer's requests are due, or else its news or jobs."""
    seed = schedule.seed + 2 * sender + (not asks)
    rate_hz = schedule.asked_hz if asks else schedule.sent_hz
    offsets = offsets_ns(seed, rate_hz, messages)
    return array("q", (schedule.start_ns + offset for offset in offsets))


# -- messages ------------------------------------------------------------------------------


def answer_to(request: bytes, server: int) -> bytes:
    """Return the right answer of a server: the request with the server's number in it."""
    start = msg.HEADER_BYTES
    body = server.to_bytes(SERVER_BYTES) + request[start + SERVER_BYTES :]
    sender, sequence, epoch, _ = msg.read_header(request)
    return msg.HEADER.pack(sender, sequence, epoch, zlib.crc32(body)) + body


def answered_by(answer: bytes) -> int:
    """Return the server's number in an answer."""
    start = msg.HEADER_BYTES
    return int.from_bytes(answer[start : start + SERVER_BYTES])


def read(message: bytes) -> tuple[int, int | None]:
    """Return the sender and the number of a message; no number if it was not due.

    Anything else, and a damaged message, is of ``NOBODY``.
    """
    if not isinstance(message, bytes) or len(message) < msg.SMALLEST_WITH_HEADER:
        return NOBODY, 0
    if not msg.intact(message):
        return NOBODY, 0
    header = msg.read_header(message)
    early = header.epoch == msg.WARM_UP_EPOCH
    return header.sender, None if early else header.sequence


# -- streams -------------------------------------------------------------------------------


class Offers:
    """The stream of one role: it gives a message when that is due, or later if it is asked
    later. Messages due while the peer does not run are never given.
    """

    def __init__(
        self, sender: int, messages: int, size_bytes: int, given: Ledger, *, asks: bool
    ) -> None:
        self.given, self.stop_ns = given, 0
        self._sender, self._messages, self._size_bytes = sender, messages, size_bytes
        self._asks = asks
        self._schedule: Schedule | None = None
        self._begun = asyncio.Event()

    def begin(self, schedule: Schedule) -> None:
        """Have messages be due by a schedule from now on."""
        self._schedule = schedule
        self._begun.set()

    async def messages(self) -> AsyncIterator[bytes]:
        """Yield news or jobs."""
        async for sequence in self._due():
            self.given.happened(sequence, time.perf_counter_ns())
            yield self._message(sequence, msg.WINDOW_EPOCH)

    async def requests(
        self, names: Mapping[int, str], met: Ledger
    ) -> AsyncIterator[tuple[str, bytes]]:
        """Yield requests, each with the name of the peer to ask.

        Before they are due, peers that have not answered are asked again and again.
        ``names`` are of those that are known, by number. Nobody else can be asked.
        """
        while not self._begun.is_set():
            for number, name in tuple(names.items()):
                if not met.times_ns[number * met.messages]:
                    yield name, self._message(0, msg.WARM_UP_EPOCH)
            await self._wait_s(ASK_EACH_S)
        async for sequence in self._due():
            if name := names.get(target(self._sender, sequence, met.senders), ""):
                self.given.happened(sequence, time.perf_counter_ns())
                yield name, self._message(sequence, msg.WINDOW_EPOCH)

    def _message(self, sequence: int, epoch: int) -> bytes:
        return msg.build(self._sender, sequence, epoch, self._size_bytes)

    async def _wait_s(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._begun.wait(), seconds)
        except TimeoutError:
            return

    async def _due(self) -> AsyncIterator[int]:
        """Yield the number of each message when it is due, until nothing is any more."""
        await self._begun.wait()
        assert self._schedule
        due = due_ns(self._schedule, self._sender, self._messages, asks=self._asks)
        for sequence in self._from_here(due):
            while (left_ns := due[sequence] - time.perf_counter_ns()) > 0:
                await asyncio.sleep(left_ns / 1e9)
            if self.stop_ns and due[sequence] >= self.stop_ns:
                break
            yield sequence
        await asyncio.Event().wait()

    def _from_here(self, due: array[int]) -> Iterator[int]:
        """Yield what follows the last message given, or what is due after now."""
        given = [n for n in range(self._messages) if self.given.times_ns[n]]
        if given:
            return iter(range(given[-1] + 1, self._messages))
        now_ns = time.perf_counter_ns()
        return (n for n in range(self._messages) if due[n] >= now_ns)
