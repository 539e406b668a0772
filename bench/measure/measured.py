"""What every timed quantity has in common: counts, costs, and the window's bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.contract import Case
from bench.errors import TrialError
from bench.processes import PROCESS
from bench.records import RoleRecord, TrialRecord, Window
from bench.tally import NOTHING, Tally, tally

MESSAGES_MIN = 50
MESSAGES_MAX = 200_000
BYTES_MAX = 64 << 20
"""The most that the messages of one driver may take: they are built beforehand."""

WINDOW_S = 0.2
"""How long a window lasts where the cell sets the pace."""
PILOT_S = 0.1
WARM_UP_SHARE = 0.1
WARM_UP_MIN = 50
WARM_UP_MAX = 2000

Metadata = dict[str, str | int | float]


@dataclass
class Measured:
    """One trial's value in seconds, what goes into its metadata, and raw samples.

    ``samples`` maps a role's id to int64 nanoseconds, in order of arrival.
    """

    value_s: float
    metadata: Metadata
    samples: dict[str, NDArray[np.int64]] = field(default_factory=dict)


def bounded_messages(wanted: float, size_bytes: int) -> int:
    """Return a number of messages that fills a window and that one driver can hold."""
    most = min(MESSAGES_MAX, BYTES_MAX // max(1, size_bytes))
    return min(most, max(MESSAGES_MIN, int(wanted)))


def free_running_pilot(case: Case) -> Window:
    """Return the window that finds out how many messages fill the timed one."""
    most = bounded_messages(1e9, case.size_bytes)
    return Window(most, warm_up=WARM_UP_MIN, stamp_each=True, limit_s=PILOT_S)


def free_running_window(case: Case, seconds_per_message: float, stamp_each: bool) -> Window:
    """Return a window of ``WINDOW_S``, and in front of it a tenth as much of warm-up."""
    messages = bounded_messages(WINDOW_S / seconds_per_message, case.size_bytes)
    warm_up = max(WARM_UP_MIN, min(WARM_UP_MAX, int(messages * WARM_UP_SHARE)))
    return Window(messages, warm_up=warm_up, stamp_each=stamp_each)


def consumed(case: Case, trial: TrialRecord) -> Iterator[tuple[RoleRecord, RoleRecord]]:
    """Yield each consumer's record with that of the driver whose messages it expects."""
    workload = case.cell.workload
    drivers = trial.of(workload.driver)
    for number, record in enumerate(trial.of(workload.consumer)):
        yield record, drivers[number] if workload.driver.consumes else drivers[0]


def count(case: Case, trial: TrialRecord) -> Tally:
    """Tally a timed trial, and raise TrialError where the cell broke its contract."""
    total, wrong = NOTHING, 0
    for consumer, driver in consumed(case, trial):
        assert consumer.heads is not None
        heads, given = consumer.heads, driver.counts["given"]
        sender = int(driver.id.rsplit(".", 1)[1])
        total += tally(heads["sender"], heads["sequence"], sender, given)
        wrong += consumer.counts["wrong"]
    workload = case.cell.workload
    broken = {
        "wrong": wrong + total.unexpected,
        "duplicated": total.duplicated,
        "reordered": total.reordered if workload.ordered else 0,
        "lost": 0 if case.cell.lossy else total.lost,
    }
    if any(broken.values()):
        what = ", ".join(f"{number} {name}" for name, number in broken.items() if number)
        raise TrialError(f"the window broke the contract: {what} of {total.given} messages")
    return total


def costs(trial: TrialRecord, delivered: int) -> Metadata:
    """Return CPU time per delivered message and peak memory, per role.

    A role's CPU time is that of all threads, ended ones too, of all its instances; its
    memory is that of the instance that took the most, above what it had when ready.
    """
    cpu_ns: dict[str, int] = {}
    peak_bytes: dict[str, int] = {}
    for host, threads in trial.cpu_ns.items():
        role = host.split(".")[0]
        cpu_ns[role] = cpu_ns.get(role, 0) + threads[PROCESS]
        peak_bytes[role] = max(peak_bytes.get(role, 0), trial.peak_bytes[host])
    metadata: Metadata = {}
    for role, ns in cpu_ns.items():
        metadata[f"{role}_cpu_us_per_message"] = ns / 1e3 / max(1, delivered)
        metadata[f"{role}_peak_memory_bytes"] = peak_bytes[role]
    for host, options in trial.sockets.items():
        for name, values in options.items():
            metadata[f"{host.split('.')[0]}_{name}"] = ",".join(map(str, values))
    return metadata


def common(trial: TrialRecord, total: Tally) -> Metadata:
    return {
        "given": total.given,
        "delivered": total.delivered,
        "lost": total.lost,
        "duplicated": total.duplicated,
        "reordered": total.reordered,
        "build_s": trial.build_s,
        "join_s": trial.join_s,
        "trial_s": trial.total_s,
        **costs(trial, total.delivered),
    }
