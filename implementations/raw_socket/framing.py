"""Messages on a stream socket: 4 bytes of length (big-endian), then the message."""

import socket
import struct
from pathlib import Path
from urllib.parse import urlsplit

HEADER = struct.Struct("!I")
MAX_LENGTH = 16 * 1024 * 1024


def listen(address):
    url = urlsplit(address)
    if url.scheme == "tcp":
        return socket.create_server((url.hostname, url.port))
    Path(url.path).unlink(missing_ok=True)  # left behind by a killed predecessor
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(url.path)
    listener.listen()
    return listener


def accept(listener):
    sock, _ = listener.accept()
    return without_delay(sock)


def connect(address):
    url = urlsplit(address)
    if url.scheme == "tcp":
        return without_delay(socket.create_connection((url.hostname, url.port)))
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(url.path)
    return sock


def without_delay(sock):
    """Have TCP send at once, and not wait for earlier bytes to be acknowledged."""
    if sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def frame(message):
    """Return the message with its length in front: one buffer for one system call."""
    return HEADER.pack(len(message)) + message


def check_length(length):
    if length > MAX_LENGTH:
        raise ValueError(f"a frame of {length} bytes: at most {MAX_LENGTH} are allowed")


def messages_from(stream):
    """Yield each message of a buffered binary stream, until the other end closes it."""
    while header := stream.read(HEADER.size):
        (length,) = HEADER.unpack(header)
        check_length(length)
        message = stream.read(length)
        if len(message) < length:
            raise ConnectionError("connection closed in the middle of a message")
        yield message
