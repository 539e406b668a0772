"""One ledger as arrays, as it is now."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.hosts.ledger import COUNT, COUNTERS, TOLD_MAX, WORD, Ledger

NEVER_NS = np.iinfo(np.int64).max


class Page(NamedTuple):
    """One ledger as arrays of shape (senders, messages), and its counters by name."""

    marks: NDArray[np.uint8]
    times_ns: NDArray[np.int64]
    counters: dict[str, int]
    told_ns: list[int]

    @property
    def repeats(self) -> NDArray[np.int64]:
        """How often each message came or was handled after the first time."""
        return np.maximum((self.marks & COUNT).astype(np.int64) - 1, 0)


def read_page(path: Path, senders: int, messages: int) -> Page:
    """Read a ledger, which its process may be writing."""
    shape = senders, messages
    ledger = Ledger(path, *shape)
    return Page(
        np.array(ledger.marks, dtype=np.uint8).reshape(shape),
        np.array(ledger.times_ns, dtype=np.int64).reshape(shape),
        dict(zip(COUNTERS, ledger.counters, strict=True)),
        [moment for moment in ledger.told_ns if moment],
    )


def moved(data: bytes, by_ns: int) -> bytes:
    """Return the bytes of a ledger with its moments moved, those that are there."""
    cells = (len(data) - WORD * (len(COUNTERS) + TOLD_MAX)) // (WORD + 1)
    moments = np.frombuffer(
        data, dtype=np.int64, count=TOLD_MAX + cells, offset=WORD * len(COUNTERS)
    )
    head, tail = data[: WORD * len(COUNTERS)], data[len(data) - cells :]
    return head + np.where(moments > 0, moments + by_ns, 0).tobytes() + tail


def earliest_ns(moments_ns: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the earliest moments over one incarnation or more, 0 where there is none."""
    filled = [np.where(ns > 0, ns, NEVER_NS) for ns in moments_ns]
    earliest = np.minimum.reduce(filled)
    return np.where(earliest == NEVER_NS, 0, earliest)
