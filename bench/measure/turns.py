"""The turns of a window: their ramps, their values, and their size.

A turn begins with a ramp that does not count, because the caches belong to the process that
ran before. The rest of it is a window with its own value. A long turn needs no ramp, and
all of it is the window.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.contract.model import Case
from bench.errors import TrialError
from bench.hosts.recorder import CHUNK
from bench.trial.record import RoleRecord, TrialRecord

RAMP_MESSAGES = 5
RAMP_NS = 2_000_000
REMAIN_MIN = 32
"""A ramp of ``RAMP_NS`` is only as long as leaves so many messages."""


class Span(NamedTuple):
    """One turn: seconds from the first message given to the last one consumed."""

    seconds: float
    given: int
    delivered: int


def ramp(given_ns: NDArray[np.int64]) -> int:
    """Return how many of a turn's messages are its ramp, from when they were given.

    ``given_ns`` has shape (messages,), in nanoseconds. The ramp is the first
    ``RAMP_MESSAGES``, and those of the first ``RAMP_NS`` where enough remain.
    """
    early = int(np.searchsorted(given_ns, given_ns[0] + RAMP_NS))
    return max(
        min(RAMP_MESSAGES, len(given_ns) - 1), min(early, len(given_ns) - REMAIN_MIN)
    )


def after_ramps(given_ns: NDArray[np.int64], turn: int) -> NDArray[np.bool_]:
    """Say of each message given whether it comes after its turn's ramp.

    ``given_ns`` holds a stamp of each message, ``turn`` of them a turn.
    """
    counts = np.zeros(len(given_ns), dtype=bool)
    for start in range(0, len(given_ns), turn):
        counts[start + ramp(given_ns[start : start + turn]) : start + turn] = True
    return counts


def stamped(messages: int, turn: int) -> NDArray[np.int64]:
    """Return which of so many messages a consumer stamps, in turns of ``turn`` messages.

    Where it does not stamp each: the first, and the last of each chunk and of each turn.
    """
    number = np.arange(1, messages + 1)
    ends = (number == 1) | (number % CHUNK == 0) | (number % turn == 0)
    return np.flatnonzero(ends)


def spans(case: Case, trial: TrialRecord) -> list[Span]:
    """Return the turns of a trial, in their order.

    Raises TrialError where nothing of a turn was delivered.
    """
    pairs = list(trial.pairs(case.cell.workload))
    drivers = {driver.id: driver for _, driver in pairs}.values()
    turns = max(driver.counts["given"] for driver in drivers) // trial.turn
    firsts = [_first_given_ns(driver, trial.turn) for driver in drivers]
    ends = [_ends(consumer, trial.turn, turns) for consumer, _ in pairs]
    found = []
    for number in range(turns):
        last_ns = max(last[number] for last, _ in ends)
        delivered = sum(int(arrived[number]) for _, arrived in ends)
        if not delivered:
            raise TrialError(f"nothing was delivered in turn {number + 1}")
        first_ns = min(first[number] for first in firsts)
        found.append(
            Span(float(last_ns - first_ns) / 1e9, len(drivers) * trial.turn, delivered)
        )
    return found


def _first_given_ns(driver: RoleRecord, turn: int) -> NDArray[np.int64]:
    """Return when the first message of each turn was given."""
    assert driver.given_ns is not None
    each = len(driver.given_ns) == driver.counts["given"]
    return driver.given_ns[::turn] if each else driver.given_ns


def _ends(
    consumer: RoleRecord, turn: int, turns: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return when the last message of each turn arrived, and how many of it did."""
    assert consumer.arrived_ns is not None
    assert consumer.heads is not None
    number = consumer.heads["sequence"].astype(np.int64) // turn
    arrived = np.bincount(number, minlength=turns)
    at = np.arange(len(number))
    if len(consumer.arrived_ns) != len(number):
        at = stamped(len(number), turn)
    last_ns = np.zeros(turns, dtype=np.int64)
    np.maximum.at(last_ns, number[at], consumer.arrived_ns)
    return last_ns, arrived


def windows(
    case: Case, trial: TrialRecord, samples_ns: dict[str, NDArray[np.int64]]
) -> Iterator[dict[str, NDArray[np.int64]]]:
    """Yield for each counted turn the samples of each consumer, without its ramp.

    ``samples_ns`` has one sample of each message that arrived, by the consumer's id.
    """
    turn_of, counts = {}, {}
    for consumer, driver in trial.pairs(case.cell.workload):
        assert consumer.heads is not None
        assert driver.given_ns is not None
        sequence = consumer.heads["sequence"].astype(np.int64)
        turn_of[consumer.id] = sequence // trial.turn
        counts[consumer.id] = after_ramps(driver.given_ns, trial.turn)[sequence]
    for number in trial.counted:
        yield {
            role: ns[(turn_of[role] == number) & counts[role]]
            for role, ns in samples_ns.items()
        }
