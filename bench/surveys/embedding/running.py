"""A process with an embedded server: start it, connect to it, stop it."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Self
from urllib.parse import urlsplit

from bench.errors import NoMiddleError

START_S = 15.0
STOP_S = 10.0
CALL_S = 10.0
UNWANTED = ("PYTHON", "AIOHTTP_", "NODE_")
"""Prefixes of environment variables that would change one stack and not another."""
LOOPBACK = "tcp://127.0.0.1:0"


class NotServing(NoMiddleError):
    """A program ended or did not start to serve; the message has its last line."""


class Running:
    """A program that serves at the URL ``address``; a context manager that ends it.

    ``words`` start the program. Its stderr goes to a file in ``folder``. Raises NotServing.
    """

    def __init__(self, words: Sequence[str], folder: Path, address: str = LOOPBACK) -> None:
        self._errors = folder / f"stderr.{time.monotonic_ns()}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(UNWANTED)}
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*words, address],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=kept,
                bufsize=0,
            )
        self.pieces = -1
        """How many pieces of other work the program had done when it stopped."""
        self.address = self._line(START_S)
        if not self.address:
            self.kill()
            raise NotServing(self.last_word().replace(str(folder), ""))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()

    def _line(self, limit_s: float) -> str:
        """Return the next line of output; an empty string at its end, or if none comes."""
        out: IO[bytes] | None = self.process.stdout
        assert out is not None
        line, deadline = b"", time.monotonic() + limit_s
        while not line.endswith(b"\n"):
            left_s = max(0.0, deadline - time.monotonic())
            ready, _, _ = select.select([out], [], [], left_s)
            piece = out.read(1) if ready else b""
            if not piece:
                return ""
            line += piece
        return line.decode().strip()

    def _tell(self, order: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{order}\n".encode())

    def count(self) -> int:
        """Return how many pieces of other work the program has done."""
        self._tell("count")
        return int(self._line(CALL_S) or -1)

    def stop(self, limit_s: float = STOP_S) -> float | None:
        """Stop the program; return the seconds until it ended, or None if it did not."""
        began_s = time.monotonic()
        self._tell("stop")
        try:
            self.process.wait(limit_s)
        except subprocess.TimeoutExpired:
            return None
        took_s = time.monotonic() - began_s
        self.pieces = int(self._line(CALL_S) or -1)
        return took_s

    def threads(self) -> int:
        """Return the number of threads of the process."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def printed(self) -> list[str]:
        """Return the lines that the program has written to stderr."""
        return self._errors.read_text(errors="replace").splitlines()

    def last_word(self, since: int = 0) -> str:
        """Return the line of stderr, after the first ``since``, that names an error."""
        lines = [line.strip() for line in self.printed()[since:] if line.strip()]
        named = [line for line in lines if re.match(r"[\w.]*Error\b.*:", line)]
        return (named or lines or ["it said nothing"])[-1]

    @contextlib.contextmanager
    def connected(self, limit_s: float = CALL_S) -> Iterator[socket.socket]:
        """Connect to the program; operations on the socket wait ``limit_s`` at most."""
        with connect(self.address, limit_s) as sock:
            yield sock


def connect(address: str, limit_s: float = CALL_S) -> socket.socket:
    """Return a connection to a tcp:// or ipc:// address. Raises OSError."""
    url = urlsplit(address)
    if url.scheme == "tcp":
        sock = socket.create_connection((url.hostname, url.port), limit_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(limit_s)
    sock.connect(url.path)
    return sock
