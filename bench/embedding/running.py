"""A program with an embedded server as a process: started, talked to, stopped."""

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
"""Starts of variables that would change one stack and not another."""
LOOPBACK = "tcp://127.0.0.1:0"


class NotServing(NoMiddleError):
    """A program has ended, or is silent, where it should serve; its last word says why."""


class Running:
    """A program that serves at the URL ``address``. A context manager: it ends with its
    block.

    ``words`` start it; ``folder`` is for what it prints to stderr. Raises NotServing.
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
        """How many pieces of other work it had done when it stopped."""
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
        """Return the next line that it prints, '' at its end or after a time."""
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
        """Return how many pieces of its other work it has done so far."""
        self._tell("count")
        return int(self._line(CALL_S) or -1)

    def stop(self, limit_s: float = STOP_S) -> float | None:
        """Have it stop; return the seconds until it ended, None if it does not."""
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
        """Return how many threads it has now."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def printed(self) -> list[str]:
        """Return the lines that it has printed to stderr so far."""
        return self._errors.read_text(errors="replace").splitlines()

    def last_word(self, since: int = 0) -> str:
        """Return the line of stderr, after so many, that says what went wrong."""
        lines = [line.strip() for line in self.printed()[since:] if line.strip()]
        named = [line for line in lines if re.match(r"[\w.]*Error\b.*:", line)]
        return (named or lines or ["it said nothing"])[-1]

    @contextlib.contextmanager
    def connected(self, limit_s: float = CALL_S) -> Iterator[socket.socket]:
        """Connect to it; operations on the socket wait for so long at most."""
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
