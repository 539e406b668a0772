"""A relay between two addresses that cuts the byte stream in awkward places.

``one_byte`` hands on every byte in a send of its own; ``glued`` holds bytes back until
nothing more comes for a moment, so that many messages share a segment. A cell that
takes one ``recv`` for one message fails behind either.
"""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from bench import addresses

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
    while data := source.recv(1 << 16):
        for place in range(len(data)):
            target.sendall(data[place : place + 1])


def _glued(source: socket.socket, target: socket.socket) -> None:
    held = b""
    while True:
        source.settimeout(GLUE_S if held else None)
        try:
            data = source.recv(1 << 16)
        except TimeoutError:
            target.sendall(held)
            held = b""
            continue
        held += data
        if not data or len(held) > GLUED_BYTES_MAX:
            target.sendall(held)
            held = b""
        if not data:
            return


WAYS = {"one_byte": _one_byte, "glued": _glued}


class Relay:
    """Listens in front of addresses; call it with one to get the address to use.

    ``transport`` and ``folder`` say where its own addresses are made. ``close`` ends it.
    """

    def __init__(self, way: str, transport: str, folder: Path, rng: random.Random) -> None:
        self.carry = WAYS[way]
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
        except OSError:
            return  # one of the two ends is gone, which the cells see for themselves

    def close(self) -> None:
        for sock in self._sockets:
            with suppress(OSError):  # never connected, or gone already
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
