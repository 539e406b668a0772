"""Host processes of this machine: spawn, tell, hear, account for, kill."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, BinaryIO, Protocol

from bench.contract.model import PROJECT, Cell
from bench.errors import NotMeasurable, TrialError
from bench.hosts.spec import HostSpec
from bench.trial import addresses
from bench.trial.build import executable
from bench.trial.descendants import (
    OWNER,
    CpuTime,
    cpu_times,
    descendants,
    descendants_peak_bytes,
    end_descendants,
    end_known,
    end_marked,
    known,
    memory_bytes,
    owner,
)

if TYPE_CHECKING:
    from bench.trial.site import Host

LOG_LINES_SHOWN = 12
FAILING_S = 0.2
"""How long the exit status of a host is waited for that has failed."""
SUMMARY = "SUMMARY: "
"""The summary of a sanitizer; a page of memory follows."""
RESET_PEAK = "5"
PADDING_BYTES_MAX = 4096
PADDING = "NOMIDDLE_PADDING"


def child_environment(padding_bytes: int = 0) -> dict[str, str]:
    """Return this process's environment without variables that change how programs run.

    It gets ``padding_bytes`` more. The address of a stack depends on the size of the
    environment, and some programs run faster at some addresses (Mytkowicz et al., ASPLOS
    2009). So the size is drawn anew in each trial.

    A debugging switch of Python or aiohttp would slow one stack and not another. HTTP
    clients would use a proxy even for this machine. Loopback needs no certificate, and
    reading the system's certificates delays the start of every HTTP host by a tenth of a
    second.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "AIOHTTP_"))
        and not name.lower().endswith("_proxy")
    }
    no_certificates = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
    padding = {PADDING: "x" * padding_bytes}
    return {**kept, **no_certificates, **padding, "PYTHONPATH": str(PROJECT)}


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


class Process(Protocol):
    """The part of ``subprocess.Popen`` that a host needs; its standard files are pipes."""

    @property
    def pid(self) -> int: ...

    @property
    def stdin(self) -> IO[bytes] | None: ...

    @property
    def stdout(self) -> IO[bytes] | None: ...

    @property
    def returncode(self) -> int | Any: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...


class Forks(Protocol):
    """A maker of hosts: copies of a process that has loaded their program."""

    def fork(self, spec: HostSpec, log: BinaryIO, mark: str) -> Process: ...


_living: set[HostProcess] = set()
_serials = itertools.count()


def next_mark() -> str:
    """Return a mark that no other process of this harness has (``descendants.owner``)."""
    return owner(next(_serials))


def kill_all() -> None:
    """Kill every host that this process started, for an interrupt while threads run."""
    for host in list(_living):
        host.kill_group()


class HostProcess:
    """One host on this machine, a ``site.Host``. Its log is a file.

    ``enter`` is a command that starts it elsewhere: in another network namespace.
    ``program`` is the host's own, for the language of its cell. With ``forks`` the host
    is a copy instead.
    """

    process: Process

    def __init__(
        self,
        name: str,
        spec: HostSpec,
        log: Path,
        padding_bytes: int = 0,
        enter: Sequence[str] = (),
        program: Sequence[str] = PYTHON_HOST,
        forks: Forks | None = None,
    ) -> None:
        self.name = name
        self.spec = spec
        self.log = log
        self.mark = next_mark()
        with open(log, "wb") as file:
            if forks:
                self.process = forks.fork(spec, file, self.mark)
            else:
                self.process = subprocess.Popen(
                    [*enter, *program, spec.to_json()],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=file,
                    env={**child_environment(padding_bytes), OWNER: self.mark},
                    bufsize=0,
                    process_group=0,  # Ctrl-C is for the harness, which then kills them
                )
        _living.add(self)
        self._resident_at_ready = 0
        self._left_behind: dict[int, int] = {}
        self._partial = b""

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def events_fd(self) -> int:
        """The descriptor that is readable when the host has told something."""
        assert self.process.stdout
        return self.process.stdout.fileno()

    def tell(self, do: str, **more: Any) -> None:
        assert self.process.stdin
        if do == "end":  # what it leaves behind has another parent then
            self._left_behind = known(descendants(self.pid))
        try:
            self.process.stdin.write(json.dumps({"do": do, **more}).encode() + b"\n")
        except BrokenPipeError as error:
            raise self.failure("is gone") from error

    def read_events(self) -> Iterator[dict[str, Any]]:
        """Yield the events that have arrived; raises TrialError when the host is gone."""
        data = os.read(self.events_fd, 1 << 20)
        if not data:
            raise self.failure("ended before it was told to")
        *lines, self._partial = (self._partial + data).split(b"\n")
        yield from (json.loads(line) for line in lines)

    def moment(self, harness_ns: int) -> int:
        """Return a moment as it is: the clock is the same."""
        return harness_ns

    def status(self, wait_s: float | None = 0.0) -> int | None:
        """Return the exit status, negative for a signal; None if it lives after a wait.

        ``wait_s`` None waits for the end.
        """
        try:
            return self.process.wait(wait_s) if wait_s != 0 else self.process.poll()
        except subprocess.TimeoutExpired:
            return None

    def listens(self, url: str) -> bool:
        """Return whether a socket accepts at a URL in the network of this host."""
        return addresses.listens(url, self.pid)

    def failure(self, what: str) -> TrialError:
        """Return an error with the exit status and the last words of this host."""
        return failure(self.name, what, self.status(FAILING_S), self.last_words())

    def last_words(self) -> str:
        """Return the end of this host's log, each line on one of its own; "" if empty."""
        lines = self.log.read_text(errors="replace").splitlines()
        earlier, last = lines[:-LOG_LINES_SHOWN], lines[-LOG_LINES_SHOWN:]
        found = [line for line in earlier if line.startswith(SUMMARY)]
        return "".join(f"\n    {line}" for line in found + last)

    def cpu_times(self) -> dict[str, CpuTime]:
        """Return the CPU time of the host with all that its cell has started.

        Keys as of ``descendants.cpu_times``. Raises TrialError when the host is gone.
        """
        try:
            return cpu_times(self.pid)
        except OSError as error:
            raise self.failure("is gone") from error

    def mark_ready(self) -> None:
        """Take the resident memory of a host that has loaded its cell as its zero."""
        self._resident_at_ready = memory_bytes(self.pid, "VmRSS")
        with suppress(OSError):  # else the peak includes what loading the cell took
            Path(f"/proc/{self.pid}/clear_refs").write_text(RESET_PEAK, encoding="utf-8")

    def peak_above_ready_bytes(self) -> int:
        """Return the peak of memory above what the host had when ready, with its tree's."""
        mine = max(0, memory_bytes(self.pid, "VmHWM") - self._resident_at_ready)
        return mine + descendants_peak_bytes(self.pid)

    def limit_descriptors(self, most: int) -> None:
        """Allow the host so many open files, and no more."""
        import resource  # only Unix has it

        resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (most, most))

    def signal_group(self, number: int) -> None:
        """Send a signal to the host and to those that it has started."""
        os.killpg(self.pid, number)

    def terminate(self) -> None:
        """Ask the host to end with SIGTERM; harmless if it has."""
        self.process.terminate()

    def kill_group(self) -> None:
        """Send SIGKILL to the host and to whatever its cell may have started."""
        if self.status() is None:
            end_descendants(self.pid)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Wait for the end of a killed host, and end what it left when it was told to."""
        self.process.wait()
        end_known(self._left_behind)
        _living.discard(self)
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe
            pipe.close()

    def kill(self) -> None:
        """Kill and reap; harmless on a host that is gone."""
        kill_together([self])


def failure(name: str, what: str, status: int | None, words: str) -> TrialError:
    """Return the error of a host, with its exit status and its last words."""
    exit_status = "still running" if status is None else f"exit status {status}"
    last = words or "\n    (nothing)"
    return TrialError(f"{name} {what} ({exit_status}); its last words:{last}")


def kill_together(hosts: Collection[Host]) -> None:
    """Kill and reap hosts, and all that they have started.

    All processes of the machine are read to find what was left, once for all hosts.
    """
    for host in hosts:
        host.kill_group()
    for host in hosts:
        host.reap()
    end_marked({host.mark for host in hosts})
