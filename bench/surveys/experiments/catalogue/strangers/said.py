"""The bytes of strangers at a port: blobs, a browser's request, a scanner's questions."""

from __future__ import annotations

import random
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

from bench.faults.catalogue.intruder import BLOB_BYTES, BROWSER, ZMTP_GREETING

BLOBS = 300
CONNECT_S, EACH_S = 2.0, 0.002
"""A pause lets the server accept each connection."""


def blobs(rng: random.Random, count: int = BLOBS) -> Iterator[bytes]:
    for _ in range(count):
        yield rng.randbytes(BLOB_BYTES)


def browser() -> Iterator[bytes]:
    yield BROWSER


def client_hello() -> bytes:
    """Return how a client of TLS begins."""
    heard, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(heard, said, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return said.read()


def scan() -> Iterator[bytes]:
    """Yield what a scanner asks to find out which service listens."""
    yield b""
    yield b"\r\n\r\n"
    yield b"GET / HTTP/1.0\r\n\r\n"
    yield b"OPTIONS / RTSP/1.0\r\n\r\n"
    yield b"HELP\r\n"
    yield b"EHLO localhost\r\n"
    yield b"SSH-2.0-scanner\r\n"
    yield client_hello()
    yield b"\x00\x06\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"  # a question to DNS
    yield b"\x80\x00\x00\x28" + bytes(40)  # a call of Sun's RPC
    yield b"\x00\x00\x00\x2d\xffSMB" + bytes(41)  # a dialect of SMB
    yield b"\xff" * 64
    yield ZMTP_GREETING


def throw(address: tuple[str, int], pieces: Iterable[bytes]) -> None:
    """Say each piece on a connection of its own, and leave.

    A connection that the server refuses or resets is an answer as well.
    """
    for piece in pieces:
        with suppress(OSError), socket.create_connection(address, CONNECT_S) as stranger:
            stranger.sendall(piece)
        time.sleep(EACH_S)
