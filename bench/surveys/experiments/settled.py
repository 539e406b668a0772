"""Counts that other processes raise, once they stand still."""

from __future__ import annotations

import time
from collections.abc import Callable

LOOK_S = 0.02
LIMIT_S = 10.0


def settled(count: Callable[[], int], still_s: float) -> int:
    """Return a count once it has stood still for ``still_s``, or after 10 s."""
    ends_s = time.monotonic() + LIMIT_S
    before, since_s = count(), time.monotonic()
    while time.monotonic() < ends_s and time.monotonic() - since_s < still_s:
        time.sleep(LOOK_S)
        if (now := count()) != before:
            before, since_s = now, time.monotonic()
    return before
