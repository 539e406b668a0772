"""The stream of messages that a driver pulls: join, warm-up, window.

Join: one message now and then until the harness has seen every peer. Warm-up: a
declared number of messages under the load of the window. Window: the timed messages,
built beforehand. A stream serves ``for`` and ``async for`` alike, so that a cell on an
event loop never blocks it while the next message is not yet due.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import chain
from operator import itemgetter, length_hint

JOIN_INTERVAL_S = 0.001
POLL_INTERVAL_S = 0.0005
SECOND = itemgetter(1)


def stamps_into(stamps_ns: array[int]) -> Iterator[None]:
    """Return an endless iterator that appends the time to an array at each step, in C."""
    return map(stamps_ns.append, iter(time.perf_counter_ns, None))


class Stream:
    """The messages of one driver.

    ``interval_s`` paces the window (None: as fast as they are pulled); ``stamp_each``
    stamps every message when it is pulled, otherwise only the first;
    ``limit_s`` ends the window early (pilots). ``given_ns`` holds the stamps, on the
    system's monotonic clock.
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
    ) -> None:
        self.messages = messages
        self.warm = threading.Event()
        self.window = threading.Event()
        self.given_ns = array("q")
        self._join_message = join_message
        self._warm_up_message = warm_up_message
        self._warm_up_count = warm_up_count
        self._interval_s = interval_s
        self._stamp_each = stamp_each
        self._to_give = iter(messages)
        self._limit_s = limit_s
        self._tell = tell
        self._keeps_time = interval_s is not None
        """Whether the window waits for moments, and so must not block an event loop."""

    def stamps(self) -> dict[str, array[int]]:
        """Return arrays of nanoseconds by what they are of, one for each message given."""
        # A stamp more is made before it shows that there is no message left.
        return {"given": self.given_ns[: len(self.messages)]}

    @property
    def given(self) -> int:
        """How many messages of the window have been pulled so far."""
        if self._stamp_each:
            return min(len(self.given_ns), len(self.messages))
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

    def _unstamped(self) -> Iterator[bytes]:
        """Return the window with a stamp in front; between messages nothing runs."""
        self.given_ns.append(time.perf_counter_ns())
        return self._to_give

    def _stamped(self) -> Iterator[bytes]:
        """Return the window, stamped message by message, all of it in C."""
        return map(SECOND, zip(stamps_into(self.given_ns), self.messages))  # noqa: B905

    def _limited(self, limit_s: float) -> Iterator[bytes]:
        """Yield the window of a pilot: stamped, and over after ``limit_s`` seconds."""
        end_ns = time.perf_counter_ns() + int(limit_s * 1e9)
        for message in self._stamped():
            yield message
            if time.perf_counter_ns() > end_ns:
                return

    def _window(self) -> Iterator[bytes]:
        if self._interval_s:
            return self._paced()
        if self._limit_s:
            return self._limited(self._limit_s)
        if self._stamp_each:
            return self._stamped()
        return self._unstamped()

    def _finish(self) -> Iterator[bytes]:
        self._tell("finished")
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
        return (start_ns + number * interval_ns for number in range(len(self.messages)))

    def _paced(self) -> Iterator[bytes]:
        now, stamp = time.perf_counter_ns, self.given_ns.append
        for number, due_ns in enumerate(self._due_ns()):
            if (early_ns := due_ns - now()) > 0:
                time.sleep(early_ns / 1e9)
            stamp(now())
            yield self.messages[number]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        import asyncio  # loaded already by whoever says `async for`

        for step in self._approach():
            if isinstance(step, float):
                await asyncio.sleep(step)
            else:
                yield step
        if self._keeps_time:
            async for message in self._paced_async():
                yield message
        else:
            for message in self._window():
                yield message
        self._finish()

    async def _paced_async(self) -> AsyncIterator[bytes]:
        import asyncio

        now, stamp = time.perf_counter_ns, self.given_ns.append
        for number, due_ns in enumerate(self._due_ns()):
            if (early_ns := due_ns - now()) > 0:
                await asyncio.sleep(early_ns / 1e9)
            stamp(now())
            yield self.messages[number]


def _later(make: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """Put off making an iterator until its turn in a chain has come, at no cost after."""
    return chain.from_iterable(call() for call in (make,))
