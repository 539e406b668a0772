"""CPU time and memory of a process with all its descendants, and how to end them.

A server may fork its workers, or start nginx. Their use counts as the program's. The
processes of a tree are found by their parents. Hosts adopt the orphans among their
descendants (PR_SET_CHILD_SUBREAPER, prctl(2)). So a daemon that forks twice and calls
setsid stays in the tree of its host.

Three things are not counted. The first is CPU time of an ended child whose parent ignores
SIGCHLD. The second is memory of a process that ended before the window did. The third are
pages that descendants share with each other and not with their host.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

PROCESS = "process"
KIB = 1024
OWNER = "NOMIDDLE_HOST"
"""Environment variable of a host and its descendants, with the harness and the host."""
END_S = 5.0
LOOK_S = 0.002
VOLUNTARY = re.compile(rb"^voluntary_ctxt_switches:\s+(\d+)", re.MULTILINE)
GONE = (FileNotFoundError, ProcessLookupError)


class CpuTime(NamedTuple):
    """Nanoseconds on a CPU, and nanoseconds ready to run but waiting for a busy CPU."""

    run_ns: int
    wait_ns: int

    def since(self, before: CpuTime | None) -> CpuTime:
        """Return the time since ``before``, at least 0.

        It would be negative if the kernel has forgotten a child that had ended.
        """
        if before is None:
            return self
        run_ns, wait_ns = self.run_ns - before.run_ns, self.wait_ns - before.wait_ns
        return CpuTime(max(0, run_ns), max(0, wait_ns))


class Stat(NamedTuple):
    """Facts of a process in /proc/PID/stat; ``children_ns`` is of children that it reaped.

    The kernel counts in ticks, usually of 10 ms.
    """

    state: str
    parent: int
    began: int
    children_ns: int


def stat(pid: int) -> Stat | None:
    """Return the kernel's facts of a process, or None if there is no such process."""
    try:
        text = _read(f"/proc/{pid}/stat").decode(errors="replace")
    except GONE:
        return None
    words = text.rsplit(")", 1)[1].split()
    ticks = int(words[13]) + int(words[14])
    children_ns = ticks * 10**9 // os.sysconf("SC_CLK_TCK")
    return Stat(words[0], int(words[1]), int(words[19]), children_ns)


def _is_alive(pid: int) -> bool:
    found = stat(pid)
    return found is not None and found.state not in "ZX"


def _every_process() -> Iterator[int]:
    yield from (int(name) for name in os.listdir("/proc") if name.isdigit())


@cache
def _lists_children() -> bool:
    return Path(f"/proc/self/task/{os.getpid()}/children").exists()


def _children(pid: int) -> list[int]:
    """Return the processes that a process started or adopted, zombies too.

    A kernel without CONFIG_PROC_CHILDREN has no such list; then this reads every process.
    """
    if not _lists_children():
        stats = ((other, stat(other)) for other in _every_process())
        return [other for other, found in stats if found and found.parent == pid]
    found: list[int] = []
    with suppress(*GONE):
        for task in os.listdir(f"/proc/{pid}/task"):
            with suppress(*GONE):
                found += map(int, _read(f"/proc/{pid}/task/{task}/children").split())
    return found


def descendants(pid: int) -> list[int]:
    """Return the ids of all descendants of a process, zombies too, parents first."""
    found: list[int] = []
    waiting = [pid]
    while waiting:
        new = [child for child in _children(waiting.pop()) if child not in found]
        found += new
        waiting += new
    return found


def cpu_clock(pid: int) -> int:
    """Return the id of a process's CPU clock on Linux (clock_getcpuclockid(3))."""
    return (~pid << 3) | 2


def _read(path: str) -> bytes:
    """Return a short file of the kernel's, in far less time than pathlib takes.

    The times of all processes and threads are read before and after every turn.
    """
    file = os.open(path, os.O_RDONLY)
    try:
        return os.read(file, 1 << 16)
    finally:
        os.close(file)


def _threads(pid: int) -> Iterator[tuple[str, CpuTime]]:
    folder = f"/proc/{pid}/task"
    for task in os.listdir(folder):
        with suppress(*GONE):  # the thread ended between the listing and the reading
            name = _read(f"{folder}/{task}/comm").decode(errors="replace").strip()
            run_ns, wait_ns, _ = map(int, _read(f"{folder}/{task}/schedstat").split())
            yield f"{task}:{name}", CpuTime(run_ns, wait_ns)


def cpu_times(pid: int) -> dict[str, CpuTime]:
    """Return the CPU time of a process and its descendants, and of each living thread.

    The key ``PROCESS`` is for the whole tree, with ended threads and children. The other
    keys are ``<thread id>:<name>``. Raises OSError if the process is gone.
    """
    run_ns = time.clock_gettime_ns(cpu_clock(pid))
    threads = dict(_threads(pid))
    reaped = stat(pid)
    run_ns += reaped.children_ns if reaped else 0
    for child in descendants(pid):
        with suppress(OSError):  # it ended, and its parent has its time now
            its_ns, its_stat = time.clock_gettime_ns(cpu_clock(child)), stat(child)
            run_ns += its_ns + (its_stat.children_ns if its_stat else 0)
            threads |= dict(_threads(child))
    waited_ns = sum(thread.wait_ns for thread in threads.values())
    return {PROCESS: CpuTime(run_ns, waited_ns), **threads}


def memory_bytes(pid: int, key: str, file: str = "status") -> int:
    """Return a line of a process's memory (``VmHWM``, ``VmRSS``) in bytes, 0 if none."""
    with suppress(*GONE, PermissionError):
        text = Path(f"/proc/{pid}/{file}").read_text(errors="replace")
        return KIB * sum(map(int, re.findall(rf"^{key}:\s+(\d+)", text, re.MULTILINE)))
    return 0


def descendants_peak_bytes(pid: int) -> int:
    """Return the sum of the memory peaks of all descendants in bytes, without shared pages.

    A forked worker shares the pages that it has not written to: they are not counted
    again. If the kernel does not tell the shared pages, the whole peak counts.
    """
    total = 0
    for child in descendants(pid):
        shared = memory_bytes(child, r"Shared_\w+", "smaps_rollup")
        total += max(0, memory_bytes(child, "VmHWM") - shared)
    return total


def tree_memory_bytes(pid: int) -> int:
    """Return the resident anonymous memory of a process and its descendants, in bytes.

    These are heaps and stacks; files that are mapped are not among them. Pages that a
    forked worker shares with its parent count twice.
    """
    return sum(memory_bytes(each, "RssAnon") for each in (pid, *descendants(pid)))


def wake_ups(pid: int) -> int:
    """Return how often living threads of a process and its descendants have gone on.

    That is after they had waited: the kernel's voluntary context switches.
    """
    total = 0
    for each in (pid, *descendants(pid)):
        with suppress(*GONE):
            for task in os.listdir(f"/proc/{each}/task"):
                with suppress(*GONE):
                    said = _read(f"/proc/{each}/task/{task}/status")
                    total += sum(map(int, VOLUNTARY.findall(said)))
    return total


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _await_end(pids: Iterable[int]) -> None:
    """Wait until killed processes have ended: until then they may still listen."""
    deadline = time.monotonic() + END_S
    while any(_is_alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(LOOK_S)


def end_descendants(pid: int) -> None:
    """Kill all descendants of a process. It is stopped, so that it starts no more."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + END_S
    while living := [child for child in descendants(pid) if _is_alive(child)]:
        for child in living:
            _kill(child)
        if time.monotonic() > deadline:
            return
        time.sleep(LOOK_S)


def known(pids: Iterable[int]) -> dict[int, int]:
    """Return when each of these processes began, because ids are used again."""
    stats = ((pid, stat(pid)) for pid in pids)
    return {pid: found.began for pid, found in stats if found}


def end_known(began: dict[int, int]) -> None:
    """Kill the processes of ``known`` that still live, with their descendants."""
    killed = []
    for pid, moment in began.items():
        found = stat(pid)
        if found and found.began == moment and _is_alive(pid):
            end_descendants(pid)
            _kill(pid)
            killed.append(pid)
    _await_end(killed)


def owner(serial: int) -> str:
    """Return the mark of a host, by its number in this harness, and of its descendants."""
    me = stat(os.getpid())
    return f"{os.getpid()}-{me.began if me else 0}-{serial}"


def _marked() -> Iterator[tuple[int, str]]:
    """Yield each living host and descendant of a host, with its mark."""
    for pid in _every_process():
        with suppress(OSError):
            said = b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
            _, found, rest = said.partition(b"\0" + OWNER.encode() + b"=")
            if found and _is_alive(pid):
                yield pid, rest.partition(b"\0")[0].decode(errors="replace")


def end_marked(marks: Collection[str]) -> None:
    """Kill the descendants of hosts that ended without being killed."""
    killed = [pid for pid, found in _marked() if found in marks]
    for pid in killed:
        _kill(pid)
    _await_end(killed)


def sweep_processes() -> None:
    """Kill the hosts, and their descendants, of harnesses that were killed."""
    for pid, mark in _marked():
        harness, began, *_ = (*mark.split("-"), "", "")
        found = stat(int(harness)) if harness.isdigit() else None
        if harness.isdigit() and (found is None or str(found.began) != began):
            _kill(pid)
