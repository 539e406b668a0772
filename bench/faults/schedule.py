"""When the messages of a trial with a fault are due, and at which consumers.

They are due one by one at moments that do not depend on the fault: on a grid, or at random,
as those of independent senders. A grid resonates with a middle that goes round.
"""

from __future__ import annotations

import time
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bench.hosts.open_loop import offsets_ns

LEAD_NS = 20_000_000
"""How long before the first message is due drivers hear of it."""


class Schedule:
    """Moments are nanoseconds of the monotonic clock, 0 where they are not known yet.

    ``owed_from_ns`` is from when on messages are due to a consumer that has not been there
    from the start. ``interval_ns`` is the time between messages, on average where ``seed``
    draws them.
    """

    def __init__(self, rate_hz: float, seed: int | None = None) -> None:
        self.seed = seed
        self.interval_ns = int(1e9 / rate_hz)
        self.start_ns = self.stop_ns = 0
        self.owed_from_ns: dict[str, int] = {}

    @property
    def has_begun(self) -> bool:
        return self.start_ns > 0

    def begin(self) -> None:
        """Have the first message due in a moment."""
        self.start_ns = time.perf_counter_ns() + LEAD_NS

    def next_due(self) -> int:
        """Return the number of the next message that will be due."""
        since_ns = time.perf_counter_ns() - self.start_ns
        return since_ns // self.interval_ns + 1 if since_ns > 0 else 0

    def stop_after(self, messages: int) -> int:
        """Let so many more messages be due; return the number of the first that is not."""
        past = self.next_due() + messages
        self.stop_ns = self.start_ns + (past - 1) * self.interval_ns
        return past


@lru_cache(maxsize=128)
def due_offsets_ns(seed: int | None, interval_ns: int, messages: int) -> NDArray[np.int64]:
    """Return when the messages of one driver are due, after the start of the schedule.

    ``seed`` is the schedule's plus the number of the driver, or None for the grid.
    """
    if seed is None:
        return np.arange(messages, dtype=np.int64) * interval_ns
    return np.array(offsets_ns(seed, 1e9 / interval_ns, messages), dtype=np.int64)
