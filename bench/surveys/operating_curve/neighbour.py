"""A neighbour on the CPU that is measured: it comes, goes, and grows by a plan.

It is a process that spins, and is stopped and continued by a thread of this one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.trial.placement import cpus_for
from bench.trial.processes import child_environment

Plan = Callable[[float], bool]
"""Whether the neighbour is there, so many seconds after it first came."""
PLACEMENT = "shared"
LASTS_S = 600
"""The spinner ends by itself after so many seconds, if its parent does not end it."""
SPINNER = f"""
import os, sys, time
end = time.monotonic() + {LASTS_S}
parent = os.getppid()
while time.monotonic() < end and os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""
LOOK_S = 0.005
PULSE_S = 0.05
GROWS_S = 40.0


def grows(at_s: float) -> bool:
    """The machine drifts: a growing share of each pulse is taken, up to all of it."""
    return at_s % PULSE_S < PULSE_S * min(1.0, at_s / GROWS_S)


def two_speeds(at_s: float) -> bool:
    """The machine has two speeds, each for 1.5 s."""
    return at_s % 3.0 < 1.5


def comes_and_goes(at_s: float) -> bool:
    """A neighbour is there for 3 s of 9 s."""
    return at_s % 9.0 < 3.0


@contextmanager
def neighbour(plan: Plan | None) -> Iterator[None]:
    """Have a neighbour by a plan while the block runs; none without a plan."""
    if plan is None:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", SPINNER], env=child_environment())
    done = threading.Event()
    thread = threading.Thread(target=_follow, args=(plan, process, done))
    try:
        os.sched_setaffinity(process.pid, cpus_for(PLACEMENT, drives=False))
        thread.start()
        yield
    finally:
        done.set()
        if thread.is_alive():
            thread.join()
        process.kill()
        process.wait()


def _follow(plan: Plan, process: subprocess.Popen[bytes], done: threading.Event) -> None:
    began, there = time.monotonic(), True
    while not done.wait(LOOK_S):
        wanted = plan(time.monotonic() - began)
        if wanted != there:
            process.send_signal(signal.SIGCONT if wanted else signal.SIGSTOP)
            there = wanted
