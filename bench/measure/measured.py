"""What every timed quantity has in common: counts, costs, and the window's bounds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.contract import Case
from bench.errors import TrialError
from bench.measure.bottleneck import bottleneck, loads
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


@dataclass(frozen=True)
class Sizing:
    """What a window is sized by: the case's pace, and the load where it is offered one.

    ``seconds_per_message`` is how fast one driver gives when nothing holds it back.
    """

    seconds_per_message: float
    rate_hz: float | None = None
    arrivals_seed: int = 0


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


def needed_s(pilot: dict[str, float], messages: int, window_s: float) -> float:
    """Return how many seconds a trial will take, from what its pilot took."""
    build_s = messages * pilot["build_s_per_message"]
    return pilot["overhead_s"] + build_s + window_s


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


def window_s(case: Case, trial: TrialRecord) -> float:
    """Return the seconds from the first message given to the last one consumed.

    Raises TrialError when nothing was delivered.
    """
    pairs = list(consumed(case, trial))
    last = [
        int(c.arrived_ns[-1])
        for c, _ in pairs
        if c.arrived_ns is not None and len(c.arrived_ns)
    ]
    first = [int(d.given_ns[0]) for _, d in pairs if d.given_ns is not None]
    if not last:
        raise TrialError("nothing was delivered in the window")
    return (max(last) - min(first)) / 1e9


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
    for host, threads in trial.cpu.items():
        role = host.split(".")[0]
        cpu_ns[role] = cpu_ns.get(role, 0) + threads[PROCESS].run_ns
        peak_bytes[role] = max(peak_bytes.get(role, 0), trial.peak_bytes[host])
    metadata: Metadata = {}
    for role, ns in cpu_ns.items():
        metadata[f"{role}_cpu_us_per_message"] = ns / 1e3 / max(1, delivered)
        metadata[f"{role}_peak_memory_bytes"] = peak_bytes[role]
    for host, options in trial.sockets.items():
        for name, values in options.items():
            metadata[f"{host.split('.')[0]}_{name}"] = ",".join(map(str, values))
    return metadata


def limits(case: Case, trial: TrialRecord, seconds: float) -> Metadata:
    """Return what the case was bound by, and each role's load that says so."""
    found = loads(case, trial, seconds)
    metadata: Metadata = {"bottleneck": bottleneck(case, found)}
    for role, load in found.items():
        metadata[f"{role}_thread_share"] = load.thread
        metadata[f"{role}_cpu_share"] = load.total
    return metadata


def common(case: Case, trial: TrialRecord, total: Tally) -> Metadata:
    """Return what every quantity keeps of a trial beside its value.

    Raises TrialError when nothing was delivered.
    """
    seconds = window_s(case, trial)
    return {
        "window_s": seconds,
        **limits(case, trial, seconds),
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
