"""Trials of recovery: at a low load, so that several are made side by side.

Each has its own processes, and its own network where the machine permits one. They wait for
timers most of the time: ``selftest side_by_side`` shows that company changes no answer.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path

from bench.contract import Case
from bench.errors import NoMiddleError, NotMeasurable
from bench.measure import recovery
from bench.measure.measured import Measured
from bench.processes import kill_all
from bench.progress import steps
from bench.schedule import Slot

AT_ONCE = 6
Kept = Callable[[Slot, Measured], None]
Failed = Callable[[Slot, str], None]


def is_recovery(case: Case) -> bool:
    return bool(case.fault)


def predict_recovery_s(slots: Sequence[Slot], at_once: int = AT_ONCE) -> float:
    """Return how many seconds trials will take at most, so many side by side."""
    each_s = [recovery.cost_s(slot.planned.case, None, {}) for slot in slots]
    return max(sum(each_s) / at_once, max(each_s, default=0.0))


def measure_recovery(
    slots: Sequence[Slot],
    logs: Callable[[Slot], Path],
    kept: Kept,
    failed: Failed,
    at_once: int = AT_ONCE,
) -> None:
    """Make trials, several at once, and hand on each as it ends, in this thread.

    One that fails is tried once more at the end. What a machine does not permit is handed
    on as failed at once.
    """
    stop = threading.Event()

    def make(slot: Slot) -> Measured:
        if stop.is_set():
            raise NoMiddleError("interrupted")
        return recovery.take(slot.planned.case, None, logs(slot), slot.rng())

    waiting, again = list(slots), set[Slot]()
    under_way: dict[Future[Measured], Slot] = {}
    with (
        ThreadPoolExecutor(at_once) as pool,
        steps("failures", len(slots)) as shown,
    ):
        try:
            while waiting or under_way:
                while waiting and len(under_way) < at_once:
                    slot = waiting.pop(0)
                    shown.now(f"block {slot.block + 1}, {slot.planned.case.id}")
                    under_way[pool.submit(make, slot)] = slot
                ended, _ = wait(under_way, return_when=FIRST_COMPLETED)
                for future in ended:
                    slot = under_way.pop(future)
                    try:
                        kept(slot, future.result())
                    except NotMeasurable as error:
                        failed(slot, f"not measured: {error}")
                        shown.done()
                    except NoMiddleError as error:
                        if slot not in again:
                            again.add(slot)
                            waiting.append(slot)
                            continue
                        failed(slot, str(error))
                        shown.done(f"FAILED {slot.planned.case.id}: {error}")
                    else:
                        shutil.rmtree(logs(slot), ignore_errors=True)
                        shown.done()
        except BaseException:
            stop.set()
            kill_all()
            raise
