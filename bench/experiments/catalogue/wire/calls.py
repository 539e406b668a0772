"""System calls and wake-ups of processes while something goes on."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bench.errors import NotMeasurable
from bench.faults.network.tools import tool

EVENT = "raw_syscalls:sys_enter"
ANSWER_BYTES = 64
WITHOUT = f"perf may not count {EVENT} here: apt-get install linux-perf, measure as root"


class Calls:
    """The number of system calls, known when counting has ended."""

    count = 0


@contextmanager
def counted(pids: Iterable[int]) -> Iterator[Calls]:
    """Count the system calls of these processes, with all their threads, in the block.

    Raises NotMeasurable if perf is missing, or may not count here.
    """
    (orders, order), (answers, answer) = os.pipe(), os.pipe()
    words = [tool("perf"), "stat", "-x,", "--delay=-1", f"--control=fd:{orders},{answer}"]
    perf = subprocess.Popen(
        [*words, "-e", EVENT, "-p", ",".join(map(str, pids))],
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
        found.count = parsed(perf.communicate()[1])
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


def parsed(said: str) -> int:
    """Return the count in the output of ``perf stat -x,``.

    Raises NotMeasurable if there is none.
    """
    found = re.search(rf"^(\d+),[^,]*,{EVENT},", said, re.MULTILINE)
    if not found:
        raise NotMeasurable(WITHOUT)
    return int(found[1])


def wake_ups(pids: Iterable[int]) -> int:
    """Return how often threads of these processes have waited and were woken."""
    total = 0
    for pid in pids:
        for status in Path(f"/proc/{pid}/task").glob("*/status"):
            said = re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status.read_text(), re.M)
            total += int(said[1]) if said else 0
    return total
