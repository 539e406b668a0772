"""Throughput: seconds per delivered message, counted where messages are consumed.

From the first message that a driver pulls to the last one that a consumer yields. Sums
over subscribers; losses stand beside it. Its inverse is messages per second: times are
what pyperf keeps, and averaging times averages rates correctly.
"""

from __future__ import annotations

from bench.contract import Case
from bench.errors import TrialError
from bench.measure.measured import (
    Measured,
    common,
    consumed,
    count,
    free_running_pilot,
    free_running_window,
)
from bench.records import TrialRecord, Window

PACE = "seconds_per_message_given"
"""Metadata: how fast one driver gives; windows are sized by it, lossy ones too."""


def pilot(case: Case) -> Window:
    """Return the window that finds out how many messages fill the timed one."""
    return free_running_pilot(case)


def window(case: Case, seconds_per_message: float | None) -> Window:
    """Return the timed window of a case, from its pilot's seconds per message given."""
    assert seconds_per_message
    return free_running_window(case, seconds_per_message, stamp_each=False)


def measure(case: Case, trial: TrialRecord) -> Measured:
    """Return seconds per delivered message of a trial.

    Raises TrialError when nothing was delivered or the contract was broken.
    """
    total = count(case, trial)
    pairs = list(consumed(case, trial))
    arrived = [c for c, _ in pairs if c.arrived_ns is not None and len(c.arrived_ns)]
    covered = sum(record.counts["covered"] for record in arrived)
    if not covered:
        raise TrialError("nothing was delivered in the window")
    start_ns = min(int(d.given_ns[0]) for _, d in pairs if d.given_ns is not None)
    end_ns = max(int(c.arrived_ns[-1]) for c in arrived if c.arrived_ns is not None)
    window_s = (end_ns - start_ns) / 1e9
    metadata = {
        **common(trial, total),
        "window_s": window_s,
        PACE: window_s / max(d.counts["given"] for _, d in pairs),
    }
    return Measured(window_s / covered, metadata)
