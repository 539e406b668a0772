"""System calls and wake-ups of processes while something goes on, counted by perf."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from bench.errors import NotMeasurable
from bench.faults.network.tools import tool

ENTERED, SWITCHED = "raw_syscalls:sys_enter", "sched:sched_switch"
ASLEEP = "prev_state == 1 || prev_state == 2"
"""A thread that gives up the CPU because it waits, and has to be woken (sched(7))."""
ANSWER_BYTES = 64
WITHOUT = f"perf may not count {ENTERED} here: apt-get install linux-perf, measure as root"


class Calls:
    """Numbers that are known when counting has ended."""

    system_calls = wake_ups = 0


@contextmanager
def counted(pids: Iterable[int]) -> Iterator[Calls]:
    """Count for these processes, with all threads that they have or had in the block.

    Raises NotMeasurable if perf is missing, or may not count here.
    """
    (orders, order), (answers, answer) = os.pipe(), os.pipe()
    words = [tool("perf"), "stat", "-x,", "--delay=-1", f"--control=fd:{orders},{answer}"]
    events = ["-e", ENTERED, "-e", SWITCHED, "--filter", ASLEEP]
    perf = subprocess.Popen(
        [*words, *events, "-p", ",".join(map(str, pids))],
        pass_fds=(orders, answer),
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(answer)
    os.close(orders)
    found = Calls()
    try:
        _tell(order, answers, "enable")
        yield found
        _tell(order, answers, "disable")
        perf.send_signal(signal.SIGINT)
        said = perf.communicate()[1]
        found.system_calls, found.wake_ups = parsed(said, ENTERED), parsed(said, SWITCHED)
    finally:
        perf.kill()
        perf.wait()
        assert perf.stderr
        perf.stderr.close()
        os.close(order)
        os.close(answers)


def _tell(order: int, answers: int, word: str) -> None:
    with suppress(BrokenPipeError):
        os.write(order, f"{word}\n".encode())
        if os.read(answers, ANSWER_BYTES):
            return
    raise NotMeasurable(WITHOUT)


def parsed(said: str, event: str) -> int:
    """Return the count of an event in the output of ``perf stat -x,``.

    Raises NotMeasurable if there is none.
    """
    found = re.search(rf"^(\d+),[^,]*,{event},", said, re.MULTILINE)
    if not found:
        raise NotMeasurable(WITHOUT)
    return int(found[1])
