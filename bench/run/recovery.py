"""Trials of recovery: at a low load, so that several are made side by side.

Each has its own processes, and its own network where the machine permits one. They wait for
timers most of the time: ``selftest side_by_side`` shows that running beside others changes
no answer. A few trials need a high load, and run one by one after all others.

A trial that failed is made once more, alone, at the end. So is a trial beside which a
clock ticked very late (``lateness``): there the machine kept messages waiting.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from pathlib import Path

from bench.contract.model import Case
from bench.errors import NoMiddleError, NotMeasurable
from bench.faults.all_faults import all_faults
from bench.measure import recovery
from bench.measure.common import Measured
from bench.run.lateness import Lateness
from bench.run.no_value import Cause, NoValue
from bench.run.progress import steps
from bench.run.schedule import Slot
from bench.trial.processes import kill_all

AT_ONCE = 8
LOW_RATE_HZ = 100.0
"""The highest rate at which trials still run side by side."""
LOOK_S = 0.05
LATE_MAX_S = 0.25
"""A trial beside which a tick came later is made again."""
REPEATS_SHARE = 0.1
"""The share of trials that may be made again for late ticks, the first ones first."""

Kept = Callable[[Slot, Measured], None]
Failed = Callable[[Slot, NoValue], None]


def is_recovery(case: Case) -> bool:
    return bool(case.fault)


def goes_alone(slot: Slot) -> bool:
    """Return whether a trial's load is so high that it must run alone."""
    return all_faults()[slot.planned.case.fault].setup.rate_hz > LOW_RATE_HZ


def is_late(made: Measured) -> bool:
    """Return whether the machine kept programs waiting while a trial was made."""
    return float(made.metadata["late_s"]) > LATE_MAX_S


def predict_recovery_s(slots: Sequence[Slot], at_once: int = AT_ONCE) -> float:
    """Return how many seconds trials will usually take, so many side by side."""
    each_s = {True: [0.0], False: [0.0]}
    for slot in slots:
        cost_s = recovery.cost_s(slot.planned.case, None, {})
        each_s[goes_alone(slot)].append(cost_s)
    together_s = max(sum(each_s[False]) / at_once, *each_s[False])
    return together_s + sum(each_s[True])


def _room(slots: Iterable[Slot], again: Collection[Slot], at_once: int) -> int:
    """Return how many trials may be under way with these: 1 if one of them goes alone."""
    return 1 if any(slot in again or goes_alone(slot) for slot in slots) else at_once


def measure_recovery(
    slots: Sequence[Slot],
    logs: Callable[[Slot], Path],
    kept: Kept,
    failed: Failed,
    at_once: int = AT_ONCE,
) -> None:
    """Make trials, several at once, and hand on each as it ends, in this thread.

    A trial that failed, or that was disturbed, is made again once, alone and at the end. A
    trial that the machine does not permit fails at once. The metadata of each has
    ``late_s``, by how much the latest tick beside it was late.
    """
    stop = threading.Event()

    def make(slot: Slot) -> Measured:
        if stop.is_set():
            raise NoMiddleError("interrupted")
        began_s = time.monotonic()
        made = recovery.take(slot.planned.case, None, logs(slot), slot.rng())
        made.metadata["late_s"] = ticks.worst_s(began_s)
        return made

    waiting, again = sorted(slots, key=goes_alone), set[Slot]()
    repeats = max(1, int(len(slots) * REPEATS_SHARE))
    under_way: dict[Future[Measured], Slot] = {}

    def left_s() -> float:
        return predict_recovery_s([*waiting, *under_way.values()], at_once)

    with (
        Lateness() as ticks,
        ThreadPoolExecutor(at_once) as pool,
        steps("failures", len(slots), left_s) as shown,
    ):
        try:
            while waiting or under_way:
                while waiting and len(under_way) < _room(
                    [waiting[0], *under_way.values()], again, at_once
                ):
                    slot = waiting.pop(0)
                    shown.now(f"block {slot.block + 1}, {slot.planned.case.id}")
                    hosts = copy_context()  # those of the run, for trials apart
                    under_way[pool.submit(hosts.run, make, slot)] = slot
                ended, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in ended:
                    slot = under_way.pop(future)
                    try:
                        made = future.result()
                        if is_late(made) and slot not in again and repeats:
                            repeats -= 1
                            again.add(slot)
                            waiting.append(slot)
                            continue
                        kept(slot, made)
                    except NotMeasurable as error:
                        failed(slot, NoValue(Cause.NOT_PERMITTED, str(error)))
                        shown.done()
                    except NoMiddleError as error:
                        if slot not in again:
                            again.add(slot)
                            waiting.append(slot)
                            continue
                        failed(slot, NoValue(Cause.FAILED, str(error)))
                        shown.done(f"FAILED {slot.planned.case.id}: {error}")
                    else:
                        shutil.rmtree(logs(slot), ignore_errors=True)
                        shown.done()
        except BaseException:
            stop.set()
            while wait(under_way, LOOK_S).not_done:  # some may still be starting hosts
                kill_all()
            raise
