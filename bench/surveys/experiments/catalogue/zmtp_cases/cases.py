"""The cases: what a peer sends to a PULL socket, and what of it is a message.

RFC 37 of ZeroMQ is ZMTP 3.1. A case that ends well brings its messages to the application.
A case that breaks the protocol brings none. It may leave the connection open or closed.
"""

from __future__ import annotations

import random
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from bench.faults.catalogue.intruder import (
    BLOB_BYTES,
    BROWSER,
    ZMTP_GREETING,
    zmtp_ready,
)

CALL_S, PIECE_S, EACH_S = 2.0, 0.02, 0.002
NULL_AT = 12
"""Where the greeting names its mechanism, after signature and version."""
MORE, LONG, COMMAND = 1, 2, 4
READY = zmtp_ready(b"PUSH")
HANDSHAKE = (ZMTP_GREETING + READY,)
BODY = b"hello"
BLOBS = 100
PING = b"\x04PING\x00\x00here"
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(506)


def frame(body: bytes, flags: int = 0) -> bytes:
    """Return a frame; ``flags`` has LONG for a length of eight bytes."""
    length = struct.pack("!Q" if flags & LONG else "!B", len(body))
    return bytes([flags]) + length + body


def greeting(version: int = 3, minor: int = 0, mechanism: bytes = b"NULL") -> bytes:
    head = b"\xff" + bytes(8) + b"\x7f" + bytes([version, minor])
    return head + mechanism.ljust(20, b"\0") + bytes(32)


def announced(length_bytes: int) -> bytes:
    """Return the header of a long frame, and a little of its body."""
    return bytes([LONG]) + struct.pack("!Q", length_bytes) + BODY


@dataclass(frozen=True)
class Case:
    """``pieces`` are sent in turn; ``messages`` have to reach the application.

    ``handshake`` is sent before them, and the other side's READY is awaited: libzmq closes
    a connection whose first message comes with the handshake, before it has said READY.
    ``apart``: each piece is sent on a connection of its own. ``gone``: the peer leaves
    after the last piece. ``reply`` has to be in what the other side says.
    """

    name: str
    pieces: Sequence[bytes]
    handshake: Sequence[bytes] = ()
    messages: Sequence[Sequence[bytes]] = ()
    apart: bool = False
    gone: bool = False
    reply: bytes = b""


@dataclass
class Heard:
    """The bytes that a stranger was told, and whether all its connections were closed."""

    text: bytes = b""
    closed: bool = True


def good(
    name: str,
    *pieces: bytes,
    handshake: Sequence[bytes] = HANDSHAKE,
    messages: Sequence[Sequence[bytes]] = ((BODY,),),
) -> Case:
    return Case(name, pieces, handshake, messages)


def bad(name: str, *pieces: bytes, handshake: Sequence[bytes] = ()) -> Case:
    """Return a case without a handshake, or with one and then a frame that is wrong."""
    return Case(name, pieces, handshake)


def left(name: str, *pieces: bytes) -> Case:
    """Return a case in which the peer leaves in the middle of a message."""
    return Case(name, pieces, HANDSHAKE, gone=True)


def each_byte(text: bytes) -> list[bytes]:
    return [text[i : i + 1] for i in range(len(text))]


def blobs() -> list[bytes]:
    """Return the same random bytes each time, none of which begins as ZMTP does."""
    rng = random.Random("blobs")
    return [
        bytes([rng.randrange(255)]) + rng.randbytes(BLOB_BYTES - 1) for _ in range(BLOBS)
    ]


LARGE = b"x" * (1 << 20)
CASES = (
    good("one message", frame(BODY)),
    good("a message byte by byte", *each_byte(frame(BODY)),
         handshake=each_byte(HANDSHAKE[0])),
    good("two messages in one piece", frame(BODY) * 2, messages=((BODY,), (BODY,))),
    good("a message of two frames", frame(b"a", MORE) + frame(b"b"),
         messages=((b"a", b"b"),)),
    good("an empty message", frame(b""), messages=((b"",),)),
    good("a short message with a long length", frame(BODY, LONG)),
    good("a message of 1 MiB", frame(LARGE, LONG), messages=((LARGE,),)),
    good("version 3.1", frame(BODY), handshake=(greeting(3, 1) + READY,)),
    good("a version that does not exist yet", frame(BODY),
         handshake=(greeting(9, 9) + READY,)),
    Case("a heartbeat", [frame(PING, COMMAND)], HANDSHAKE, reply=b"\x04PONGhere"),
    Case(f"{BLOBS} times random bytes", blobs(), apart=True),
    bad("a browser's request", BROWSER),
    bad("the beginning of TLS", CLIENT_HELLO),
    bad("64 times 0xff", b"\xff" * 64),
    bad("a signature without its last bit",
        ZMTP_GREETING.replace(b"\x7f", b"\x00", 1), READY, frame(BODY)),
    bad("a mechanism that does not exist", greeting(mechanism=b"NONE"), READY, frame(BODY)),
    bad("PLAIN where NULL is expected", greeting(mechanism=b"PLAIN"), READY, frame(BODY)),
    bad("a message before READY", ZMTP_GREETING, frame(BODY)),
    bad("READY without a socket type", ZMTP_GREETING, frame(b"\x05READY", COMMAND),
        frame(BODY)),
    bad("READY of a socket that does not fit", ZMTP_GREETING, zmtp_ready(b"REQ"),
        frame(BODY)),
    bad("a property that is longer than READY", ZMTP_GREETING,
        frame(b"\x05READY\x0bSocket-Type\x00\x00\x00\xffPUSH", COMMAND), frame(BODY)),
    bad("a frame with reserved flags", b"\xf8\x05" + BODY, handshake=HANDSHAKE),
    bad("a length with its highest bit", announced(1 << 63), handshake=HANDSHAKE),
    bad("a length of 64 GiB", announced(1 << 36), handshake=HANDSHAKE),
    left("a length of 1 GiB, then the end", announced(1 << 30)),
    left("half a frame, then the end", frame(BODY)[:-2]),
    left("the first of two frames, then the end", frame(BODY, MORE)),
)  # fmt: skip


def said(case: Case, port: int) -> Heard:
    """Send a case to a port of loopback, and hear the other side for a while."""
    heard = Heard()
    ways = [[piece] for piece in case.pieces] if case.apart else [case.pieces]
    for pieces in ways:
        with suppress(ConnectionError):  # it was closed, which is an answer as well
            _say(case, pieces, port, heard)
    return heard


def _say(case: Case, pieces: Sequence[bytes], port: int, heard: Heard) -> None:
    with socket.create_connection(("127.0.0.1", port), CALL_S) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if case.handshake:
            _send(sock, case.handshake)
            _hear(sock, heard, CALL_S, awaited=b"READY")
        _send(sock, pieces)
        if not case.gone:
            is_quick = case.apart or case.messages
            is_open = _hear(sock, heard, PIECE_S if is_quick else CALL_S, case.reply)
            heard.closed = heard.closed and not is_open


def _send(sock: socket.socket, pieces: Sequence[bytes]) -> None:
    for piece in pieces:
        sock.sendall(piece)
        time.sleep(EACH_S)


def _hear(sock: socket.socket, heard: Heard, limit_s: float, awaited: bytes) -> bool:
    """Hear the other side, up to the awaited words; return whether it is there still."""
    ends_s = time.monotonic() + limit_s
    while (left_s := ends_s - time.monotonic()) > 0:
        sock.settimeout(left_s)
        try:
            piece = sock.recv(4096)
        except TimeoutError:
            return True
        if not piece:
            return False
        heard.text += piece
        if awaited and awaited in heard.text:
            return True
    return True
