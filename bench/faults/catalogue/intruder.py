"""A stranger that finds the ports of a trial: it knows no protocol, and tries all of them.

A helper process (see ``bench.faults.network.helper``) that connects to where it is told to,
keeps its connections until it is told to leave, and is gone with the harness.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from bench.faults.network.lines import say, serve
from bench.hosts.host import die_with_parent

BLOBS = 100
BLOB_BYTES = 512
EACH_S = 0.005
"""Seconds between two connections: the server gets to accept each of them."""
CONNECT_S = 0.5
VISIT_S = 5.0
"""How long all of it may take, where connecting has to be waited for."""
BROWSER = (
    b"GET /favicon.ico HTTP/1.1\r\n"
    b"Host: 127.0.0.1\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140\r\n"
    b"Accept: image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5\r\n"
    b"Accept-Language: en-GB,en;q=0.5\r\n"
    b"Accept-Encoding: gzip, deflate\r\n"
    b"Connection: keep-alive\r\n\r\n"
)
FRAME_BYTES = 1 << 30
A_LITTLE = b"x" * 1024
ZMTP_GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + bytes(32)
ZMTP_COMMAND, ZMTP_LONG = 0x04, 0x02
ZMTP_SOCKETS = (b"REQ", b"DEALER", b"SUB", b"PULL", b"PUSH")
"""The role at the other end, by the role that binds."""


def zmtp_ready(socket_type: bytes) -> bytes:
    """Return the command that ends ZMTP's handshake (RFC 23 of ZeroMQ)."""
    name = b"Socket-Type"
    metadata = bytes([len(name)]) + name + struct.pack("!I", len(socket_type)) + socket_type
    command = b"\x05READY" + metadata
    return bytes([ZMTP_COMMAND, len(command)]) + command


def garbage(rng: random.Random) -> Iterator[bytes]:
    """Yield what no program that listens has asked for."""
    for _ in range(BLOBS):
        yield rng.randbytes(BLOB_BYTES)
    yield BROWSER
    yield b"\xff" * 64


def announcements() -> Iterator[bytes]:
    """Yield the beginnings of a frame of 1 GiB in each of the protocols."""
    yield struct.pack("!I", FRAME_BYTES) + A_LITTLE
    yield (
        f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {FRAME_BYTES}\r\n\r\n"
    ).encode() + A_LITTLE
    for socket_type in ZMTP_SOCKETS:
        header = struct.pack("!BQ", ZMTP_LONG, FRAME_BYTES)
        yield ZMTP_GREETING + zmtp_ready(socket_type) + header + A_LITTLE


class Intruder:
    """Its connections. Each command returns what there is to say about them."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._connections: list[socket.socket] = []

    def litter(self, host: str, port: int) -> dict[str, Any]:
        """Send garbage, each piece on a connection of its own."""
        return self._visit(host, port, garbage(self._rng))

    def announce(self, host: str, port: int) -> dict[str, Any]:
        """Announce a huge frame and send little of it."""
        return self._visit(host, port, announcements())

    def _visit(self, host: str, port: int, pieces: Iterator[bytes]) -> dict[str, Any]:
        until = time.monotonic() + VISIT_S
        sent = 0
        for piece in pieces:
            if time.monotonic() > until:
                break
            with suppress(OSError):  # refused or reset: that is an answer as well
                connection = socket.create_connection((host, port), CONNECT_S)
                self._connections.append(connection)
                connection.sendall(piece)
                sent += 1
            time.sleep(EACH_S)
        return {"sent": sent}

    def flood(self, host: str, port: int, count: int) -> dict[str, Any]:
        """Ask for many connections, and say nothing on any of them."""
        for _ in range(count):
            connection = socket.socket()
            connection.setblocking(False)
            connection.connect_ex((host, port))
            self._connections.append(connection)
        return {}

    def look(self) -> dict[str, Any]:
        """Say how many connections are open still."""
        return {"open": sum(map(is_open, self._connections))}

    def leave(self) -> dict[str, Any]:
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        return {}


def is_open(connection: socket.socket) -> bool:
    """Say whether a connection was made, and the other end has not closed it since."""
    connection.setblocking(False)
    try:
        while connection.recv(1 << 16):
            continue
    except BlockingIOError:
        return is_connected(connection)
    except OSError:
        return False
    return False


def is_connected(connection: socket.socket) -> bool:
    try:
        connection.getpeername()
    except OSError:
        return False
    return True


def main() -> None:
    spec = json.loads(sys.argv[1])
    die_with_parent(spec["parent"])
    intruder = Intruder(spec["seed"])
    commands: dict[str, Callable[..., dict[str, Any]]] = {
        "litter": intruder.litter,
        "announce": intruder.announce,
        "flood": intruder.flood,
        "look": intruder.look,
        "leave": intruder.leave,
    }
    say({})
    serve(lambda do, **more: commands[do](**more))


if __name__ == "__main__":
    main()
