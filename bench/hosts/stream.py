"""The stream of messages that a driver pulls: join, warm-up, window.

Join: one message now and then until the harness has seen every peer. Warm-up: a
declared number of messages under the load of the window. Window: the timed messages,
built beforehand. A stream serves ``for`` and ``async for`` alike, so that a cell on an
event loop never blocks it while the next message is not yet due.

A window may be cut into turns. Between them the stream gives nothing, and waits without
taking CPU time until it is told that it is its turn.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain, islice
from operator import itemgetter, length_hint

JOIN_INTERVAL_S = 0.001
POLL_INTERVAL_S = 0.0005
FIRST = itemgetter(0)


def stamps_into(stamps_ns: array[int]) -> Iterator[None]:
    """Return an endless iterator that appends the time to an array at each step, in C."""
    return map(stamps_ns.append, iter(time.perf_counter_ns, None))


class Stream:
    """The messages of one driver.

    ``interval_s`` paces the window (None: as fast as they are pulled), with ``burst``
    messages at each of its moments. ``stamp_each`` stamps every message when it is pulled;
    otherwise only the first of the window and of each turn has a stamp. ``limit_s`` ends
    the window early (pilots). ``stays_open``: a role that asks for a message after the last
    waits until its process ends. ``turns``, if not 0, is the number of equal turns of the
    window; then nothing paces or limits it. ``given_ns`` has the stamps, on the system's
    monotonic clock.
    """

    def __init__(
        self,
        messages: list[bytes],
        join_message: bytes,
        warm_up_message: bytes,
        warm_up_count: int,
        interval_s: float | None,
        stamp_each: bool,
        limit_s: float | None,
        tell: Callable[[str], None],
        burst: int = 1,
        stays_open: bool = False,
        turns: int = 0,
    ) -> None:
        self.messages = messages
        self.warm = threading.Event()
        self.window = threading.Event()
        self.take_turn: Callable[[], object] = _out_of_turn
        """The function to call when it is this stream's turn, after it has told
        ``paused``."""
        self.given_ns = array("q")
        self._join_message = join_message
        self._warm_up_message = warm_up_message
        self._warm_up_count = warm_up_count
        self._interval_s = interval_s
        self._burst = burst
        self._stamp_each = stamp_each
        self._to_give = iter(messages)
        self._limit_s = limit_s
        self._tell = tell
        self._stays_open = stays_open
        self._turns = turns
        self._keeps_time = interval_s is not None
        """Whether the window waits for moments, and so must not block an event loop."""

    def stamps(self) -> dict[str, array[int]]:
        """Return arrays of nanoseconds by what they are of, one for each message given."""
        return {"given": self.given_ns}

    @property
    def given(self) -> int:
        """How many messages of the window have been pulled so far."""
        if self._stamp_each:
            return len(self.given_ns)
        return len(self.messages) - length_hint(self._to_give)

    def _approach(self) -> Iterator[bytes | float]:
        """Yield join and warm-up messages, and between them seconds to pause."""
        join_interval_s = max(JOIN_INTERVAL_S, self._interval_s or 0.0)
        while not self.warm.is_set():
            yield self._join_message
            yield join_interval_s
        for _ in range(self._warm_up_count):
            yield self._warm_up_message
            if self._interval_s:
                yield self._interval_s
        self._tell("warmed")
        while not self.window.is_set():
            yield POLL_INTERVAL_S

    def _stamped(self, messages: Iterator[bytes]) -> Iterator[bytes]:
        """Return messages that are stamped as they are pulled, or the first of them is.

        Between messages nothing runs but C.
        """
        if self._stamp_each:
            return map(FIRST, zip(messages, stamps_into(self.given_ns)))  # noqa: B905
        self.given_ns.append(time.perf_counter_ns())
        return messages

    def _limited(self, limit_s: float) -> Iterator[bytes]:
        """Yield the window of a pilot: stamped, and over after ``limit_s`` seconds."""
        end_ns = time.perf_counter_ns() + int(limit_s * 1e9)
        for message in self._stamped(self._to_give):
            yield message
            if time.perf_counter_ns() > end_ns:
                return

    def _window(self) -> Iterator[bytes]:
        if self._turns:
            return chain.from_iterable(self._in_turns())
        if self._interval_s:
            return self._paced()
        if self._limit_s:
            return self._limited(self._limit_s)
        return self._stamped(self._to_give)

    def _in_turns(self) -> Iterator[Iterator[bytes]]:
        for _ in range(self._turns):
            self._await_turn()
            yield self._turn()
        self._await_turn()

    def _turn(self) -> Iterator[bytes]:
        some = islice(self._to_give, len(self.messages) // self._turns)
        return self._stamped(some)

    def _await_turn(self) -> None:
        told = threading.Event()
        self.take_turn = told.set
        self._tell("paused")
        told.wait()

    async def _await_turn_async(self) -> None:
        import asyncio

        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        self.take_turn = lambda: loop.call_soon_threadsafe(told.set)
        self._tell("paused")
        await told.wait()

    def _finish(self) -> Iterator[bytes]:
        self._tell("finished")
        if self._stays_open:
            threading.Event().wait()
        return iter(())

    def __iter__(self) -> Iterator[bytes]:
        return chain(self._approach_now(), _later(self._window), _later(self._finish))

    def _approach_now(self) -> Iterator[bytes]:
        for step in self._approach():
            if isinstance(step, float):
                time.sleep(step)
            else:
                yield step

    def _due_ns(self) -> Iterator[int]:
        start_ns = time.perf_counter_ns()
        interval_ns = int((self._interval_s or 0.0) * 1e9)
        bursts = (number // self._burst for number in range(len(self.messages)))
        return (start_ns + number * interval_ns for number in bursts)

    def _paced(self) -> Iterator[bytes]:
        now, stamp = time.perf_counter_ns, self.given_ns.append
        for number, due_ns in enumerate(self._due_ns()):
            if (early_ns := due_ns - now()) > 0:
                time.sleep(early_ns / 1e9)
            stamp(now())
            yield self.messages[number]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        import asyncio  # a role with `async for` has loaded it already

        for step in self._approach():
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                yield step
        if self._turns:
            for _ in range(self._turns):
                await self._await_turn_async()
                for message in self._turn():
                    yield message
            await self._await_turn_async()
        elif self._keeps_time:
            async for message in self._paced_async():
                yield message
        else:
            for message in self._window():
                yield message
        self._tell("finished")
        if self._stays_open:
            await asyncio.Event().wait()

    async def _paced_async(self) -> AsyncIterator[bytes]:
        import asyncio

        now, stamp = time.perf_counter_ns, self.given_ns.append
        for number, due_ns in enumerate(self._due_ns()):
            if (early_ns := due_ns - now()) > 0:
                await asyncio.sleep(early_ns / 1e9)
            stamp(now())
            yield self.messages[number]


def _out_of_turn() -> None:
    raise RuntimeError("a stream that waits for no turn was told to take one")


def _later(make: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """Put off making an iterator until its turn in a chain has come, at no cost after."""
    return chain.from_iterable(call() for call in (make,))
