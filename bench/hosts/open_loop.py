"""The open loop: messages become due by a schedule, even if the cell is busy.

A user's request arrives when the user sends it, not when the last request was answered. So
each message has an intended time that is drawn beforehand. A cell that is still busy asks
late, and the waiting time of the message counts.
"""

from __future__ import annotations

import ctypes
import random
import sys
import time
from array import array
from collections.abc import AsyncIterator, Iterator
from typing import Any

from bench.hosts.stream import Stream

PR_SET_TIMERSLACK = 29
SPIN_NS = 200_000
"""A thread that sleeps until so long before a moment is in time 99 times of 100."""
ASYNC_SPIN_NS = 1_500_000
"""asyncio rounds a delay up to a millisecond, and overshoots by most of another."""


def offsets_ns(seed: int | None, rate_hz: float, messages: int) -> array[int]:
    """Return when messages are due, in nanoseconds after the start, in order.

    Gaps are exponential with mean 1/rate, like those of many independent senders. The same
    seed gives the same pattern at any rate, so that every stack gets the same bursts.
    Without a seed all gaps are equal.
    """
    rng = None if seed is None else random.Random(seed)
    due_s, offsets = 0.0, array("q")
    for _ in range(messages):
        due_s += (rng.expovariate(1.0) if rng else 1.0) / rate_hz
        offsets.append(int(due_s * 1e9))
    return offsets


class OpenLoopStream(Stream):
    """A stream that gives each message of the window at its intended time, or later.

    A message is late if the cell asks for it late. Beside ``given_ns`` the stream has
    ``intended_ns`` and ``asked_ns`` of each message, on the same clock.
    """

    def __init__(self, offsets_ns: array[int], **stream: Any) -> None:
        super().__init__(**stream)
        self._keeps_time = True
        self.offsets_ns = offsets_ns
        self.intended_ns = array("q")
        self.asked_ns = array("q")

    def stamps(self) -> dict[str, array[int]]:
        more = {"intended": self.intended_ns, "asked": self.asked_ns}
        return super().stamps() | more

    def _window(self) -> Iterator[bytes]:
        use_finest_timer()
        now, nap = time.perf_counter_ns, time.sleep
        start_ns = now()
        for message, offset_ns in zip(self.messages, self.offsets_ns, strict=True):
            due_ns = start_ns + offset_ns
            moment_ns = asked_ns = now()
            if due_ns - moment_ns > SPIN_NS:
                nap((due_ns - moment_ns - SPIN_NS) / 1e9)
            while (moment_ns := now()) < due_ns:
                nap(0)  # gives way to the cell's own threads, which need the interpreter
            self._note(due_ns, asked_ns, moment_ns)
            yield message

    async def _paced_async(self) -> AsyncIterator[bytes]:
        from asyncio import sleep

        now = time.perf_counter_ns
        start_ns = now()
        for message, offset_ns in zip(self.messages, self.offsets_ns, strict=True):
            due_ns = start_ns + offset_ns
            moment_ns = asked_ns = now()
            if due_ns - moment_ns > ASYNC_SPIN_NS:
                await sleep((due_ns - moment_ns - ASYNC_SPIN_NS) / 1e9)
            while (moment_ns := now()) < due_ns:
                await sleep(0)
            self._note(due_ns, asked_ns, moment_ns)
            yield message

    def _note(self, intended_ns: int, asked_ns: int, given_ns: int) -> None:
        self.intended_ns.append(intended_ns)
        self.asked_ns.append(asked_ns)
        self.given_ns.append(given_ns)


def use_finest_timer() -> None:
    """Have the kernel wake this thread when asked to, not up to 50 us later (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1)
