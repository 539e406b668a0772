"""How late a clock beside the trials ticks: what the machine did to programs that wait.

A program that waits for a timer runs when the kernel lets it. A thread that sleeps for a
fixed time and looks how long it slept sees when the kernel did not. Other work held the
CPUs, the machine was suspended, or the trials themselves were too many for it. It reads no
result of a trial.
"""

from __future__ import annotations

import threading
import time
from typing import Self

TICK_S = 0.02
NOTED_S = 0.01
"""Delays of a tick beyond this are kept; all of them would be many."""


class Lateness:
    """A clock that ticks in a thread of its own, inside of its ``with`` block."""

    def __init__(self) -> None:
        self._late: list[tuple[float, float]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def worst_s(self, since_s: float) -> float:
        """Return by how much the latest tick since then was late, in seconds.

        ``since_s`` is of ``time.monotonic``. It is 0 if no tick was later than ``NOTED_S``.
        """
        return max((late for moment, late in self._late if moment >= since_s), default=0.0)

    def _tick(self) -> None:
        due_s = time.monotonic() + TICK_S
        while not self._ended.wait(max(0.0, due_s - time.monotonic())):
            now_s = time.monotonic()
            if now_s - due_s > NOTED_S:
                self._late.append((now_s, now_s - due_s))
            due_s = now_s + TICK_S
