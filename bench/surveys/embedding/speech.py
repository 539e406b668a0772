"""The three protocols over plain sockets, for clients that may misbehave.

A client library would not let a client misbehave.
"""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from typing import Protocol

NONSENSE = b"NONSENSE\r\n\r\n"
STRANGER = b"GET / HTTP/1.1\r\nHost: somebody.else\r\n\r\n"
"""The request of a client that expects a web server at this port."""


class Gone(Exception):
    """The server closed the connection without a reply."""


@dataclass(frozen=True)
class Reply:
    """A reply. ``status`` is that of HTTP, and 200 in other protocols."""

    body: bytes
    status: int = 200


class Speech(Protocol):
    """The protocol of a client.

    ``has_header``: requests have a header that a client may lengthen. ``half`` is the
    beginning of a header that never ends. ``greeting`` is the first bytes of a server that
    speaks first; it is empty for other protocols.
    """

    has_header: bool
    greeting: bytes
    half: bytes
    nonsense: bytes

    def greet(self, sock: socket.socket) -> None:
        """Exchange the bytes that precede the first request."""

    def request(self, body: bytes, header_bytes: int = 0) -> bytes:
        """Return the bytes of a request on the wire."""

    def reply(self, sock: socket.socket) -> Reply:
        """Wait for a reply. Raises Gone, or TimeoutError."""


def ask(speech: Speech, sock: socket.socket, body: bytes, header_bytes: int = 0) -> Reply:
    """Send a request and wait for its reply. Raises Gone, or TimeoutError.

    A server that refuses a large request may reply and close before it has read all of it.
    """
    try:
        sock.sendall(speech.request(body, header_bytes))
    except TimeoutError:
        raise
    except OSError:
        pass  # a reply from before it closed can still be read
    try:
        return speech.reply(sock)
    except TimeoutError:
        raise
    except OSError as error:
        raise Gone from error


def exactly(sock: socket.socket, size: int) -> bytes:
    """Return ``size`` bytes. Raises Gone if the connection ends before."""
    there = bytearray(size)
    view, got = memoryview(there), 0
    while got < size:
        more = sock.recv_into(view[got:])
        if not more:
            raise Gone
        got += more
    return bytes(there)


class Http:
    """HTTP/1.1: a POST for each request."""

    has_header = True
    greeting = b""
    half = b"POST / HTTP/1.1\r\nHost: here\r\nContent-"
    nonsense = NONSENSE

    def greet(self, sock: socket.socket) -> None:
        """Say nothing: a connection is enough."""

    def request(self, body: bytes, header_bytes: int = 0) -> bytes:
        long = b"X-Long: " + b"a" * header_bytes + b"\r\n" if header_bytes else b""
        head = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: %d\r\n" % len(body)
        return head + long + b"\r\n" + body

    def reply(self, sock: socket.socket) -> Reply:
        response = HTTPResponse(sock, method="POST")
        try:
            response.begin()
            return Reply(response.read(), response.status)
        except HTTPException as error:
            raise Gone from error
        finally:
            response.close()


class Frames:
    """Four bytes of length, then the message: the protocol of the cells on BSD sockets."""

    has_header = False
    greeting = b""
    half = b"\0\0"
    nonsense = STRANGER

    def greet(self, sock: socket.socket) -> None:
        """Say nothing: a connection is enough."""

    def request(self, body: bytes, header_bytes: int = 0) -> bytes:
        del header_bytes
        return struct.pack("!I", len(body)) + body

    def reply(self, sock: socket.socket) -> Reply:
        (size,) = struct.unpack("!I", exactly(sock, 4))
        return Reply(exactly(sock, size))


class Zmtp:
    """ZMTP 3.0 without security, as a REQ socket speaks it."""

    has_header = False
    greeting = b"\xff"
    half = b"\xff\0\0\0"
    nonsense = STRANGER
    more, long, command = 1, 2, 4

    def greet(self, sock: socket.socket) -> None:
        version, mechanism = bytes(8) + b"\x7f\3\0", b"NULL".ljust(20, b"\0")
        greeting = self.greeting + version + mechanism + bytes(32)
        sock.sendall(greeting)
        exactly(sock, len(greeting))
        name, kind = b"Socket-Type", b"REQ"
        ready = b"\5READY" + bytes([len(name)]) + name + struct.pack("!I", len(kind)) + kind
        sock.sendall(bytes([self.command, len(ready)]) + ready)
        self._frame(sock)

    def request(self, body: bytes, header_bytes: int = 0) -> bytes:
        del header_bytes
        delimiter = bytes([self.more, 0])
        return delimiter + struct.pack("!BQ", self.long, len(body)) + body

    def reply(self, sock: socket.socket) -> Reply:
        flags, body = self._frame(sock)
        while flags & (self.more | self.command):
            flags, body = self._frame(sock)
        return Reply(body)

    def _frame(self, sock: socket.socket) -> tuple[int, bytes]:
        (flags,) = exactly(sock, 1)
        if flags & self.long:
            (size,) = struct.unpack("!Q", exactly(sock, 8))
        else:
            (size,) = exactly(sock, 1)
        return flags, exactly(sock, size)


SPEECHES: dict[str, Speech] = {"raw_socket": Frames(), "http": Http(), "zmq": Zmtp()}
"""The protocol of each stack."""
