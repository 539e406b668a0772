"""Asking a server: start it, connect clients, and put what happened into a few words."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.surveys.embedding.running import LOOPBACK, Running
from bench.surveys.embedding.speech import Gone, Reply, Speech, ask

PATIENCE_S = 10.0
SHORT_S = 1.0
MESSAGE = b"a message"


@dataclass(frozen=True)
class ServerAnswer:
    """An answer in a few words, ``said``. ``note`` explains it, and is never compared.

    ``applies`` is false if the question has no meaning for a server; ``said`` is why.
    """

    said: str
    note: str = ""
    applies: bool = True


@dataclass(frozen=True)
class Asked:
    """A server for experiments: its command, its protocol, and a folder for files."""

    words: Sequence[str]
    speech: Speech
    folder: Path

    @contextlib.contextmanager
    def running(self, address: str = LOOPBACK) -> Iterator[Running]:
        """Start the server until the block ends. Raises NotServing."""
        with Running(self.words, self.folder, address) as server:
            yield server

    @contextlib.contextmanager
    def client(self, server: Running) -> Iterator[socket.socket]:
        """Connect a client to the server, and exchange greetings."""
        with server.connected(PATIENCE_S) as sock:
            self.speech.greet(sock)
            yield sock

    def asks(self, server: Running, size: int = len(MESSAGE), header_bytes: int = 0) -> str:
        """Ask with a new client; return an empty string for a right reply, or the error.

        The error is the status of HTTP, or "closed" if the connection ended without one.
        """
        body = (MESSAGE * (size // len(MESSAGE) + 1))[:size]
        try:
            with self.client(server) as sock:
                return wrong(ask(self.speech, sock, body, header_bytes), body)
        except TimeoutError:
            return "no reply"
        except (Gone, OSError):
            return "closed"


def wrong(reply: Reply, body: bytes) -> str:
    """Return the error of a reply, or an empty string."""
    if reply.status != 200:
        return str(reply.status)
    return "" if reply.body == body else "a wrong reply"


def not_applicable(why: str) -> ServerAnswer:
    return ServerAnswer(why, applies=False)


def ending(sock: socket.socket, limit_s: float) -> tuple[float | None, bytes]:
    """Wait for the end of a connection; return after how many seconds, and bytes before.

    The seconds are None if the connection was still open after ``limit_s``.
    """
    began_s, said = time.monotonic(), b""
    while (left_s := began_s + limit_s - time.monotonic()) > 0:
        sock.settimeout(left_s)
        try:
            piece = sock.recv(65536)
        except TimeoutError:
            break
        except OSError:
            piece = b""
        if not piece:
            return time.monotonic() - began_s, said
        said += piece
    return None, said


def waited(after_s: float | None) -> str:
    if after_s is None:
        return f"open for more than {PATIENCE_S:.0f} s"
    return f"closed after {after_s:.0f} s" if after_s >= SHORT_S else "closed at once"


def first_word(said: bytes) -> str:
    """Return the status in the first bytes of a reply, or an empty string."""
    found = re.match(rb"HTTP/1\.[01] (\d+)", said)
    return found[1].decode() if found else "a page without a status" if said else ""
