"""Shared by every timed quantity: counts, costs, and the bounds of the window."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bench.contract.model import Case
from bench.errors import TrialError
from bench.hosts.recorder import HEAD, head_bytes
from bench.measure import turns
from bench.measure.bottleneck import bottleneck, loads
from bench.trial.checker import NOTHING, Tally, tally
from bench.trial.descendants import PROCESS
from bench.trial.record import TrialRecord, Window

MESSAGES_MIN = 50
MESSAGES_MAX = 200_000
BYTES_MAX = 64 << 20
"""The largest size of all messages of one driver: they are built beforehand."""

WINDOW_S = 0.2
"""How long a window lasts if the cell sets the pace, in seconds."""
PILOT_S = 0.1
BYTES_IN_TURNS_MAX = 128 << 20
"""The most that all messages of a case may take that lives in an ensemble."""
BYTES_BESIDE = {"python": 60, "c": 16}
"""The memory that a language needs for a message beside its bytes."""
WARM_UP_SHARE = 0.1
WARM_UP_MIN = 50
WARM_UP_MAX = 2000

Metadata = dict[str, str | int | float]
CLOCK_BOUND = "clock_bound_ns"
"""The key of how wrong times between two hosts may be, for their clocks; none on one."""


@dataclass(frozen=True)
class Sizing:
    """The facts that set the size of a window: the case's pace, and its load if it has one.

    ``seconds_per_message`` is the pace of one driver that nothing delays.
    """

    seconds_per_message: float
    rate_hz: float | None = None
    arrivals_seed: int = 0


@dataclass
class Measured:
    """One trial's value in seconds, its metadata, and raw samples.

    ``samples`` maps a role's id to int64 nanoseconds, in order of arrival. ``windows_s``
    are the values of its windows, by round, of which ``value_s`` is the median; none where
    the trial is one window.
    """

    value_s: float
    metadata: Metadata
    samples: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    windows_s: list[float] = field(default_factory=list)


def bounded_messages(wanted: float, size_bytes: int) -> int:
    """Return a number of messages that fills a window and that one driver can hold."""
    most = min(MESSAGES_MAX, BYTES_MAX // max(1, size_bytes))
    return min(most, max(MESSAGES_MIN, int(wanted)))


def bounded_warm_up(wanted: int, size_bytes: int) -> int:
    """Return a number of warm-up messages of at most ``BYTES_MAX`` bytes, at least one."""
    return min(wanted, max(1, BYTES_MAX // max(1, size_bytes)))


def needed_s(pilot: dict[str, float], messages: int, window_s: float) -> float:
    """Return how many seconds a trial will take, from the times of its pilot."""
    build_s = messages * pilot["build_s_per_message"]
    return pilot["overhead_s"] + build_s + window_s


def free_running_pilot(case: Case) -> Window:
    """Return the window of a pilot, which counts the messages that fill a timed window."""
    most = bounded_messages(1e9, case.size_bytes)
    warm_up = bounded_warm_up(WARM_UP_MIN, case.size_bytes)
    return Window(most, warm_up=warm_up, stamp_each=True, limit_s=PILOT_S)


def free_running_window(case: Case, seconds_per_message: float, stamp_each: bool) -> Window:
    """Return a window of ``WINDOW_S`` after a warm-up of a tenth of its messages."""
    messages = bounded_messages(WINDOW_S / seconds_per_message, case.size_bytes)
    return Window(messages, warm_up=_warm_up(case, messages), stamp_each=stamp_each)


def bytes_per_message(case: Case) -> int:
    """Return what drivers and consumers together keep of one message of each driver."""
    workload = case.cell.workload
    language = case.cell.language
    drivers = case.instances if workload.repeated == workload.driver.name else 1
    head = HEAD if language == "c" else head_bytes(case.size_bytes)
    kept = head * workload.deliveries(drivers, case.instances)
    return drivers * (case.size_bytes + BYTES_BESIDE[language]) + kept


def window_in_turns(case: Case, per_turn: float, count: int, stamp_each: bool) -> Window:
    """Return a window of ``count`` turns of so many messages, as far as memory allows."""
    most = BYTES_IN_TURNS_MAX // bytes_per_message(case) // count
    turn = max(1, min(most, MESSAGES_MAX, int(per_turn)))
    return Window(turn * count, _warm_up(case, turn), stamp_each=stamp_each, turns=count)


def _warm_up(case: Case, messages: int) -> int:
    """Return how many messages of warm-up precede so many of a window, or of a turn."""
    wanted = max(WARM_UP_MIN, min(WARM_UP_MAX, int(messages * WARM_UP_SHARE)))
    return bounded_warm_up(wanted, case.size_bytes)


def fits_in_turns(case: Case, turns: int) -> bool:
    """Return whether a case may keep the messages of so many turns, one of each."""
    return turns * bytes_per_message(case) <= BYTES_IN_TURNS_MAX


def window_s(case: Case, trial: TrialRecord) -> float:
    """Return the seconds from the first given message to the last consumed one.

    If the window is cut into turns, it is the sum over these. Raises TrialError if no
    message was delivered.
    """
    if trial.turn:
        return sum(span.seconds for span in turns.spans(case, trial))
    pairs = list(trial.pairs(case.cell.workload))
    last = [
        int(c.arrived_ns[-1])
        for c, _ in pairs
        if c.arrived_ns is not None and len(c.arrived_ns)
    ]
    first = [int(d.given_ns[0]) for _, d in pairs if d.given_ns is not None]
    if not last:
        raise TrialError("nothing was delivered in the window")
    return (max(last) - min(first)) / 1e9


def refuse_unclear(trial: TrialRecord, seconds: float, share: float) -> None:
    """Raise TrialError if clocks may be wrong by more than a share of a time."""
    if trial.clock_bound_ns > share * seconds * 1e9:
        raise TrialError(
            f"the clocks of the hosts may be wrong by {trial.clock_bound_ns / 1e3:.1f} us, "
            f"and {seconds * 1e6:.1f} us were measured: place both ends on one host"
        )


def count(case: Case, trial: TrialRecord) -> Tally:
    """Tally a timed trial. Raises TrialError if the cell broke its contract."""
    total, wrong = NOTHING, 0
    for consumer, driver in trial.pairs(case.cell.workload):
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

    A role's CPU time is the sum over all threads of all its instances, with ended threads.
    Its memory is the largest growth of an instance since it was ready.
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
    """Return the bottleneck of the case, and the load of each role."""
    found = loads(case, trial, seconds)
    metadata: Metadata = {"bottleneck": bottleneck(case, found)}
    for role, load in found.items():
        metadata[f"{role}_thread_share"] = load.thread
        metadata[f"{role}_cpu_share"] = load.total
    return metadata


def common(case: Case, trial: TrialRecord, total: Tally) -> Metadata:
    """Return the metadata that every quantity keeps of a trial.

    Raises TrialError if no message was delivered.
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
        **({CLOCK_BOUND: trial.clock_bound_ns} if trial.clock_bound_ns else {}),
        **costs(trial, total.delivered),
    }
