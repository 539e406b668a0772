"""Trials with a fault with known answers: what became of every message is made up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import numpy as np

from bench.contract.model import Case
from bench.faults.all_faults import all_faults
from bench.faults.history import CLASSES, FailureRecord, Line
from bench.measure.common import Measured
from bench.measure.recovery import measure

RATE_HZ, BEFORE_S, HEALED_S, WATCHED_S = 50, 1.0, 0.5, 8.5
CALM_S = 1.2
"""How long a trial goes on after it has recovered."""
ON_TIME_NS, LATE_NS = 2_000_000, 5_000_000
BINDERS = {"request_reply": "call", "fan_out": "subscribe", "pipeline": "collect"}


@dataclass(frozen=True)
class Story:
    """The fate of one consumer: seconds from the fault, None where it never ends.

    The first messages due in the outage are lost, in silence or reported, and the rest
    arrive late. In an outage that never ends they are held.
    """

    outage_s: float | None = 0.6
    silent: int = 0
    reported: int = 0
    raised: int = 0
    executed_twice: int = 0
    healed_s: float = HEALED_S
    peak_bytes: int = 1 << 20


def usual_story(case: Case) -> Story:
    """Return the invented story of a case: ``resilient`` survives, ``minimal`` as known."""
    cell = case.cell
    if cell.variant.name != "minimal":
        return Story()
    if cell.stack.name != "zmq":
        return Story(raised=10, reported=2)
    if case.fault == "server_killed_busy":
        return Story(outage_s=None, silent=2)
    return Story(silent=32) if cell.lossy else Story()


def record(case: Case, story: Story, jitter_s: float = 0.0) -> FailureRecord:
    """Return a trial in which every consumer goes through a story."""
    never = story.outage_s is None
    outage_s = WATCHED_S if story.outage_s is None else story.outage_s + jitter_s
    end_s = WATCHED_S if never else max(outage_s, story.healed_s) + CALM_S
    due_s = np.arange(-BEFORE_S, end_s, 1 / RATE_HZ) + 1 / (2 * RATE_HZ)
    within = np.flatnonzero((due_s > 0) & (due_s < outage_s))
    state = np.full(len(due_s), CLASSES.index("delivered"), dtype=np.int8)
    if never:
        state[within] = CLASSES.index("held")
    state[within[: story.silent]] = CLASSES.index("silent")
    told = within[story.silent : story.silent + story.reported]
    state[told] = CLASSES.index("reported")
    origin_ns = 10_000_000_000
    intended_ns = origin_ns + (due_s * 1e9).astype(np.int64)
    back_ns = origin_ns + int(outage_s * 1e9) + LATE_NS
    arrives_ns = np.maximum(intended_ns + ON_TIME_NS, back_ns)
    arrives_ns[due_s <= 0] = intended_ns[due_s <= 0] + ON_TIME_NS
    arrived_ns = np.where(state == CLASSES.index("delivered"), arrives_ns, 0)
    consumer = BINDERS[case.cell.workload.name]
    beside = dict.fromkeys(("orphaned", "recovered", "duplicated", "reordered"), 0)
    beside["unexpected"] = 0
    numbers = np.arange(len(due_s), dtype=np.int64)
    line = Line(
        f"{consumer}.0", 0, numbers, intended_ns, intended_ns, arrived_ns, state, beside
    )
    return FailureRecord(
        lines=[line],
        interval_ns=10**9 // RATE_HZ,
        start_ns=int(intended_ns[0]),
        calm_ns=origin_ns - 1,
        fault_ns=origin_ns,
        struck_ns=origin_ns,
        healed_ns=origin_ns + int(story.healed_s * 1e9),
        stop_ns=int(intended_ns[-1]),
        affected=set(),
        beside={},
        raised=story.raised,
        ended=0,
        first_told_ns=origin_ns + LATE_NS if story.raised or story.reported else 0,
        executed_twice=story.executed_twice,
        peaks_bytes={"any": story.peak_bytes},
    )


def recovered(
    case: Case, rng: Random, stories: Callable[[Case], Story] = usual_story
) -> Measured:
    """Return the outcome of a trial of a case, its outage a little longer by chance."""
    made = record(case, stories(case), rng.uniform(0, 0.02))
    return measure(case, all_faults()[case.fault], made)
