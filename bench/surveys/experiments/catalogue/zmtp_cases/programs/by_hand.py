"""A PULL socket by hand: ZMTP 3.1 with the mechanism NULL, on BSD sockets."""

import socket
import struct
from threading import Thread

GREETING_BYTES = 64
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01" + b"NULL".ljust(20, b"\0") + bytes(32)
READY = b"\x04\x1a\x05READY\x0bSocket-Type\x00\x00\x00\x04PULL"
MORE, LONG, COMMAND = 1, 2, 4
MESSAGE_MAX_BYTES = 16 * 1024 * 1024
PATIENCE_S = 30


class Broken(Exception):
    """The peer breaks the protocol."""


def collect(listener, take):
    while True:
        connection, _ = listener.accept()
        Thread(target=attend, args=(connection, take), daemon=True).start()


def attend(connection, take):
    with connection, connection.makefile("rb") as stream:
        try:
            connection.settimeout(PATIENCE_S)
            connection.sendall(GREETING)
            greet(stream)
            connection.sendall(READY)
            get_ready(stream)
            connection.settimeout(None)
            while True:
                take(message(stream, connection))
        except (OSError, Broken):
            return


def exactly(stream, count):
    found = stream.read(count)
    if len(found) < count:
        raise Broken
    return found


def greet(stream):
    if exactly(stream, 1) != b"\xff" or exactly(stream, 9)[-1] & 1 == 0:
        raise Broken
    rest = exactly(stream, GREETING_BYTES - 10)
    if rest[0] < 3 or rest[2:22].rstrip(b"\0") != b"NULL":
        raise Broken


def frame(stream):
    flags = exactly(stream, 1)[0]
    is_bad_command = flags & COMMAND and flags & MORE
    if flags > MORE | LONG | COMMAND or is_bad_command:
        raise Broken
    length = int.from_bytes(exactly(stream, 8 if flags & LONG else 1))
    if length > MESSAGE_MAX_BYTES:
        raise Broken
    return flags, exactly(stream, length)


def get_ready(stream):
    flags, command = frame(stream)
    if not flags & COMMAND or not command.startswith(b"\x05READY"):
        raise Broken
    try:
        properties = dict(pairs(command[6:]))
    except (IndexError, struct.error):
        raise Broken from None
    if properties.get(b"socket-type") != b"PUSH":
        raise Broken


def pairs(rest):
    while rest:
        name, rest = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
        (length,) = struct.unpack_from("!I", rest)
        value, rest = rest[4 : 4 + length], rest[4 + length :]
        if not name or len(value) < length:
            raise Broken
        yield name.lower(), value


def message(stream, connection):
    parts = []
    while True:
        flags, body = frame(stream)
        if flags & COMMAND:
            if body.startswith(b"\x04PING"):
                pong = b"\x04PONG" + body[7:]
                connection.sendall(bytes([COMMAND, len(pong)]) + pong)
            continue
        parts.append(body)
        if sum(map(len, parts)) > MESSAGE_MAX_BYTES:
            raise Broken
        if not flags & MORE:
            return parts


def listen():
    return socket.create_server(("127.0.0.1", 0))
