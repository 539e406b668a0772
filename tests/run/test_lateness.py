"""A clock beside trials sees when nothing on the machine could run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

CLOCK = """
import time
from bench.run.lateness import Lateness
with Lateness() as ticks:
    print("ticking", flush=True)
    input()
    time.sleep(0.1)
    print(ticks.worst_s(0.0))
    print(ticks.worst_s(time.monotonic()))
"""
STOPPED_S = 0.5


def test_a_clock_that_could_not_run_ticks_late() -> None:
    """A process that is stopped stands for a machine that is suspended or starved."""
    clock = subprocess.Popen(
        [sys.executable, "-c", CLOCK],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert clock.stdout is not None
    assert clock.stdout.readline() == "ticking\n"
    os.kill(clock.pid, signal.SIGSTOP)
    time.sleep(STOPPED_S)
    os.kill(clock.pid, signal.SIGCONT)
    worst_s, since_s = map(float, clock.communicate("go on\n")[0].split())
    assert worst_s > STOPPED_S / 2
    assert since_s == 0.0
