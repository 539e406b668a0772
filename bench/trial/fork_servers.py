"""Hosts that are copies of a process which has loaded their program.

An ensemble starts dozens of hosts in Python, and most of their start is spent on imports. A
fork server for each program imports once for all its hosts in a block. The next block has
new servers: the addresses of memory and the order of hashes are drawn anew for each block,
as by single trials. An A/A copy has a server of its own, because it stands for another
start of the same program.

Where a program cannot be copied, its hosts start as usual.
"""

from __future__ import annotations

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO, Self

from bench.contract.model import Case, Cell
from bench.errors import TrialError
from bench.hosts.spec import HostSpec
from bench.trial.descendants import OWNER, end_marked
from bench.trial.processes import PADDING_BYTES_MAX, child_environment, next_mark

SERVER = (sys.executable, "-m", "bench.hosts.fork_server")
HOST = "bench.hosts.host"
LOADED_S = 20.0
ANSWER_S = 10.0
"""For longer, a copy of a process does not take."""
ANSWER_BYTES_MAX = 64

Key = tuple[Path, str, int]
"""The file of a program, its event loop, and the number of an A/A copy."""


@cache
def can_await_copies() -> bool:
    """Say whether the kernel tells the end of a process that is no child (Linux 5.3)."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


class ForkedProcess:
    """A copied host, with as much of ``subprocess.Popen`` as a host process needs.

    It is a child of its server and not of the harness. ``stdin`` and ``stdout`` are pipes.
    """

    def __init__(
        self, pid: int, server: ForkServer, stdin: BinaryIO, stdout: BinaryIO
    ) -> None:
        self.pid = pid
        self.stdin = stdin
        self.stdout = stdout
        self.returncode: int | None = None
        self._server = server
        self._ended = os.pidfd_open(pid)

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it lives."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises ``subprocess.TimeoutExpired`` where it does not come."""
        if self.returncode is None:
            if not select.select([self._ended], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(SERVER, timeout or 0.0)
            os.close(self._ended)
            self.returncode = self._server.reap(self.pid)
        return self.returncode

    def terminate(self) -> None:
        """Ask the process to end; harmless if it has."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


class ForkServer:
    """The fork server of one program. ``padding_bytes`` as of ``child_environment``.

    ``host`` is the module of its hosts.
    """

    def __init__(self, cell: Cell, log: Path, padding_bytes: int, host: str = HOST) -> None:
        program = {
            "parent": os.getpid(),
            "cell": str(cell.path),
            "search": list(map(str, cell.search)),
            "loop": cell.loop,
            "host": host,
        }
        self.mark = next_mark()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, open(log, "wb") as file:
            self._process = subprocess.Popen(
                [*SERVER, json.dumps(program)],
                stdin=theirs.fileno(),
                stdout=file,
                stderr=file,
                env={**child_environment(padding_bytes), OWNER: self.mark},
                process_group=0,
            )
        self._loaded: bool | None = None

    def has_loaded(self) -> bool:
        """Wait until the program is loaded; return whether it can be copied."""
        if self._loaded is None:
            self._loaded = self._hear(LOADED_S) == "loaded"
        return self._loaded and self._process.poll() is None

    def fork(
        self, spec: HostSpec, log: BinaryIO, mark: str, namespaces: Sequence[str] = ()
    ) -> ForkedProcess:
        """Start a host in ``namespaces``; ``mark`` as of ``descendants.owner``.

        Raises TrialError where the server has ended.
        """
        told, stdin = os.pipe()
        stdout, tells = os.pipe()
        spec = spec._replace(parent=self._process.pid)
        request = {
            "do": "fork",
            "spec": spec.to_json(),
            "environment": {OWNER: mark},
            "namespaces": [*namespaces],
        }
        try:
            files = [told, tells, log.fileno()]
            socket.send_fds(self._socket, [json.dumps(request).encode()], files)
            pid = int(self._hear(ANSWER_S))
            pipes = os.fdopen(stdin, "wb", 0), os.fdopen(stdout, "rb", 0)
            return ForkedProcess(pid, self, *pipes)
        except (OSError, ValueError) as error:
            os.close(stdin)
            os.close(stdout)
            self.kill()  # a late answer would be taken for that to the next question
            raise TrialError(f"a copy of {spec.cell} did not start: {error}") from error
        finally:
            os.close(told)
            os.close(tells)

    def reap(self, pid: int) -> int:
        """Return the exit status of a process that has ended."""
        try:
            self._socket.send(json.dumps({"do": "reap", "pid": pid}).encode())
            return os.waitstatus_to_exitcode(int(self._hear(ANSWER_S)))
        except (OSError, ValueError):  # the server was killed, and its copies with it
            return -signal.SIGKILL

    def _hear(self, timeout_s: float) -> str:
        """Return the next answer, '' if there is none."""
        if not select.select([self._socket], [], [], timeout_s)[0]:
            return ""
        with suppress(ConnectionError):
            return self._socket.recv(ANSWER_BYTES_MAX).decode()
        return ""

    def kill(self) -> None:
        """Kill and reap the server and whatever of its copies still lives."""
        self._socket.close()
        self._process.kill()
        self._process.wait()


@contextmanager
def fork_server(
    cell: Cell, log: Path, padding_bytes: int, host: str
) -> Iterator[ForkServer | None]:
    """Yield the fork server of one program; None where its hosts start as usual.

    It is killed in the end, with its copies.
    """
    if not can_await_copies():
        yield None
        return
    server = ForkServer(cell, log, padding_bytes, host)
    try:
        yield server if server.has_loaded() else None
    finally:
        server.kill()
        end_marked({server.mark})


class Inside:
    """Copies of one program that start in namespaces, each a file of the kernel's."""

    def __init__(self, server: ForkServer, namespaces: Sequence[str]) -> None:
        self._server, self._namespaces = server, namespaces

    def fork(self, spec: HostSpec, log: BinaryIO, mark: str) -> ForkedProcess:
        """Start a host; raises TrialError as ``ForkServer.fork`` does."""
        return self._server.fork(spec, log, mark, self._namespaces)


def _key(cell: Cell, copy: int) -> Key:
    return cell.path, cell.loop, copy


class ForkServers:
    """The fork servers of one block. Use it with ``with``: at the end they are killed."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._servers: dict[Key, ForkServer] = {}

    def load(self, cases: Iterable[Case], logs: Path) -> None:
        """Start the servers of cases in Python that have none, side by side.

        Returns when all have loaded their programs. ``logs`` is where they complain.
        """
        for case in cases if can_await_copies() else ():
            key = _key(case.cell, case.copy)
            if case.cell.language == "python" and key not in self._servers:
                log = logs / f"{len(self._servers)}.server.log"
                padding_bytes = self._rng.randrange(PADDING_BYTES_MAX)
                self._servers[key] = ForkServer(case.cell, log, padding_bytes)
        for server in self._servers.values():
            server.has_loaded()

    def of(self, cell: Cell, copy: int) -> ForkServer | None:
        """Return what copies a program; None where its hosts start as usual."""
        server = self._servers.get(_key(cell, copy))
        return server if server and server.has_loaded() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.kill()
        if self._servers:
            end_marked({server.mark for server in self._servers.values()})
        self._servers.clear()
