"""A relay between two addresses that cuts the byte stream in awkward places.

``one_byte`` sends every byte alone. ``glued`` holds bytes back for a moment, so that all
messages of that moment share a segment. A cell that takes one ``recv`` for one message
fails behind either relay.
"""

from __future__ import annotations

import random
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from bench.trial import addresses

APART_BYTES, APART_S = 200, 0.001
GLUE_S = 0.005
GLUED_BYTES_MAX = 1 << 20


def _listen(address: str) -> socket.socket:
    url = urlsplit(address)
    if url.scheme == "ipc":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(url.path)
    else:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((url.hostname, url.port))
    listener.listen(128)
    return listener


def _connect(address: str) -> socket.socket:
    url = urlsplit(address)
    if url.scheme == "ipc":
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(url.path)
    else:
        connection = socket.create_connection((url.hostname, url.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _one_byte(source: socket.socket, target: socket.socket) -> None:
    """Send byte by byte; TCP joins them for a slow reader, so the first ones come apart."""
    apart = APART_BYTES
    while data := source.recv(1 << 16):
        for place in range(len(data)):
            target.sendall(data[place : place + 1])
            if apart:
                time.sleep(APART_S)
                apart -= 1


def _glued(source: socket.socket, target: socket.socket) -> None:
    held, due_s = b"", 0.0
    while True:
        left_s = max(0.0, due_s - time.monotonic()) if held else None
        readable, _, _ = select.select([source], [], [], left_s)
        data = source.recv(1 << 16) if readable else b""
        if not held:
            due_s = time.monotonic() + GLUE_S
        held += data
        ended = bool(readable) and not data
        if ended or time.monotonic() >= due_s or len(held) > GLUED_BYTES_MAX:
            target.sendall(held)
            held = b""
        if ended:
            return


Carry = Callable[[socket.socket, socket.socket], None]
WAYS: dict[str, Carry] = {"one_byte": _one_byte, "glued": _glued}


class Relay:
    """Listens in front of addresses; call it with one to get the address to use.

    ``way`` is one of WAYS, or a function that carries bytes from one socket to another.
    ``transport`` and ``folder`` say where its own addresses are made. ``close`` ends it.
    """

    def __init__(
        self, way: str | Carry, transport: str, folder: Path, rng: random.Random
    ) -> None:
        self.carry = WAYS[way] if isinstance(way, str) else way
        self._transport = transport
        self._folder = folder
        self._rng = rng
        self._sockets: list[socket.socket] = []

    def __call__(self, address: str) -> str:
        name = f"relay{len(self._sockets)}"
        public = addresses.assign([name], self._transport, self._folder, self._rng)[name]
        listener = _listen(public)
        self._sockets.append(listener)
        self._start(self._accept, listener, address)
        return public

    def _start(self, function: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=function, args=arguments, daemon=True).start()

    def _accept(self, listener: socket.socket, address: str) -> None:
        while True:
            try:
                near, _ = listener.accept()
                far = _connect(address)
            except OSError:
                return  # closed: the trial is over
            if near.family == socket.AF_INET:
                near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets += [near, far]
            self._start(self._pump, near, far)
            self._start(self._pump, far, near)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        try:
            self.carry(source, target)
            target.shutdown(socket.SHUT_WR)
        except (OSError, ValueError):
            return  # one of the two ends is gone; the cells notice that themselves

    def close(self) -> None:
        for sock in self._sockets:
            with suppress(OSError):  # never connected, or gone already
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
