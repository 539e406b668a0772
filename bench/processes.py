"""Host processes as the harness sees them: spawn, tell, hear, account for, kill."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from bench.build import executable
from bench.contract import PROJECT, Cell
from bench.errors import NotMeasurable, TrialError

LOG_LINES_SHOWN = 12
SUMMARY = "SUMMARY: "
"""What a sanitizer has found; a page of memory follows."""
RESET_PEAK = "5"
KIB = 1024


PADDING_BYTES_MAX = 4096
PADDING = "NOMIDDLE_PADDING"


def child_environment(padding_bytes: int = 0) -> dict[str, str]:
    """Return this process's environment without what would change how programs run.

    ``padding_bytes`` more are put into it: where a stack begins depends on how much
    environment lies below it, and some programs run faster at some places than at others
    (Mytkowicz et al., ASPLOS 2009), so that the place is drawn anew in each trial.

    A debugging switch of Python's or aiohttp's would slow one stack and not another. No
    certificate is needed on loopback, and reading the system's takes every HTTP host a
    tenth of a second before it is ready.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "AIOHTTP_"))
    }
    no_certificates = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
    padding = {PADDING: "x" * padding_bytes}
    return {**kept, **no_certificates, **padding, "PYTHONPATH": str(PROJECT)}


def require_linux() -> None:
    """Raise NotMeasurable where processes cannot be placed, watched and accounted for."""
    if sys.platform != "linux":
        raise NotMeasurable(
            f"measuring needs Linux (/proc, CPU affinity); this is {sys.platform}. "
            "`list`, `size`, `report` and `cite` work here; to measure, use a Linux "
            "machine or virtual machine"
        )


PYTHON_HOST = (sys.executable, "-m", "bench.hosts.host")


def host_program(cell: Cell) -> tuple[str, ...]:
    """Return the command that starts a host for a cell, but for its one argument.

    Raises NotMeasurable for a cell in C that has not been built.
    """
    if cell.language != "c":
        return PYTHON_HOST
    program = executable(cell)
    if not program.exists():
        raise NotMeasurable(f"{cell.id} is not built: make build")
    return (str(program),)


PROCESS = "process"


def cpu_clock(pid: int) -> int:
    """Return the id of a process's CPU clock on Linux (clock_getcpuclockid(3))."""
    return (~pid << 3) | 2


class CpuTime(NamedTuple):
    """Nanoseconds on a CPU, and ready to run but waiting for one that others had."""

    run_ns: int
    wait_ns: int

    def since(self, before: CpuTime | None) -> CpuTime:
        if before is None:
            return self
        return CpuTime(self.run_ns - before.run_ns, self.wait_ns - before.wait_ns)


_living: set[HostProcess] = set()


def kill_all() -> None:
    """Kill every host that this process started: for an interrupt amid threads."""
    for host in list(_living):
        host.kill_group()


class HostProcess:
    """One host. Its log is a file; its events are read with ``Events``.

    ``enter`` is a command that starts it elsewhere: in another network namespace.
    ``program`` is the host's own, for the language of its cell.
    """

    def __init__(
        self,
        name: str,
        spec: dict[str, Any],
        log: Path,
        padding_bytes: int = 0,
        enter: Sequence[str] = (),
        program: Sequence[str] = PYTHON_HOST,
    ) -> None:
        self.name = name
        self.spec = spec
        self.log = log
        with open(log, "wb") as file:
            self.process = subprocess.Popen(
                [*enter, *program, json.dumps(spec)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=child_environment(padding_bytes),
                bufsize=0,
                process_group=0,  # Ctrl-C is for the harness, which then kills its hosts
            )
        _living.add(self)
        self._resident_at_ready = 0
        self._partial = b""

    @property
    def pid(self) -> int:
        return self.process.pid

    def tell(self, do: str, **more: Any) -> None:
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
        except BrokenPipeError as error:
            raise self.failure("is gone") from error

    def read_events(self) -> Iterator[dict[str, Any]]:
        """Yield the events that have arrived; raises TrialError when the host is gone."""
        assert self.process.stdout
        data = os.read(self.process.stdout.fileno(), 1 << 20)
        if not data:
            raise self.failure("ended before it was told to")
        *lines, self._partial = (self._partial + data).split(b"\n")
        yield from (json.loads(line) for line in lines)

    def failure(self, what: str) -> TrialError:
        """Return an error with the exit status and the last words of this host."""
        try:
            status: int | None = self.process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            status = None
        exit_status = "still running" if status is None else f"exit status {status}"
        last = self.last_words() or "\n    (nothing)"
        return TrialError(f"{self.name} {what} ({exit_status}); its last words:{last}")

    def last_words(self) -> str:
        """Return the end of this host's log, each line on one of its own; "" if empty."""
        lines = self.log.read_text(errors="replace").splitlines()
        earlier, last = lines[:-LOG_LINES_SHOWN], lines[-LOG_LINES_SHOWN:]
        found = [line for line in earlier if line.startswith(SUMMARY)]
        return "".join(f"\n    {line}" for line in found + last)

    def cpu_times(self) -> dict[str, CpuTime]:
        """Return the CPU time of the process, and of each thread that lives.

        Keys are ``PROCESS``, which includes what threads that have ended ran for, and
        ``<thread id>:<name>``.
        """
        threads = {}
        for task in Path(f"/proc/{self.pid}/task").iterdir():
            try:
                name = (task / "comm").read_text().strip()
                run_ns, wait_ns, _ = map(int, (task / "schedstat").read_text().split())
            except OSError:
                continue  # the thread ended between the listing and the reading
            threads[f"{task.name}:{name}"] = CpuTime(run_ns, wait_ns)
        waited_ns = sum(thread.wait_ns for thread in threads.values())
        run_ns = time.clock_gettime_ns(cpu_clock(self.pid))
        return {PROCESS: CpuTime(run_ns, waited_ns), **threads}

    def _memory_bytes(self, key: str) -> int:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(key + ":"):
                return int(line.split()[1]) * KIB
        return 0

    def mark_ready(self) -> None:
        """Take the resident memory of a host that has loaded its cell as its zero."""
        self._resident_at_ready = self._memory_bytes("VmRSS")
        with suppress(OSError):  # else the peak includes what loading the cell took
            Path(f"/proc/{self.pid}/clear_refs").write_text(RESET_PEAK)

    def peak_above_ready_bytes(self) -> int:
        return max(0, self._memory_bytes("VmHWM") - self._resident_at_ready)

    def kill_group(self) -> None:
        """Send SIGKILL to the host and to whatever its cell may have started."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def kill(self) -> None:
        """Kill and reap; harmless on a host that is gone."""
        self.kill_group()
        self.process.wait()
        _living.discard(self)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            pipe.close()


class Events:
    """Waits for events of several hosts at once."""

    def __init__(self, hosts: Sequence[HostProcess]) -> None:
        self.ending = False
        """Whether hosts have been told to leave: what a role raises then is no error."""
        self._selector = selectors.DefaultSelector()
        for host in hosts:
            self.add(host)

    def add(self, host: HostProcess) -> None:
        assert host.process.stdout
        self._selector.register(host.process.stdout, selectors.EVENT_READ, host)

    def forget(self, host: HostProcess) -> None:
        """Hear no more of a host: its end is meant."""
        assert host.process.stdout
        self._selector.unregister(host.process.stdout)

    def wait(self, timeout_s: float) -> Iterator[tuple[HostProcess, dict[str, Any]]]:
        """Yield what arrives within ``timeout_s`` seconds, at most one batch of it.

        Raises TrialError when a role raised or a host ended.
        """
        for key, _ in self._selector.select(max(0.0, timeout_s)):
            host: HostProcess = key.data
            for event in host.read_events():
                if event["event"] == "raised" and not self.ending:
                    raise host.failure(f"raised {event['error']}")
                if event["event"] == "result":  # its last words: it leaves now
                    self._selector.unregister(key.fileobj)
                yield host, event

    def until(self, deadline: float) -> Iterator[tuple[HostProcess, dict[str, Any]]]:
        """Yield events until a moment of ``time.monotonic``."""
        while (left_s := deadline - time.monotonic()) > 0:
            yield from self.wait(left_s)

    def close(self) -> None:
        self._selector.close()
