"""Stream sockets at tcp:// and ipc:// addresses: listen, accept, connect."""

import socket
from pathlib import Path
from urllib.parse import urlsplit


def listen(address):
    url = urlsplit(address)
    if url.scheme == "tcp":
        return socket.create_server((url.hostname, url.port))
    Path(url.path).unlink(missing_ok=True)  # left behind by a killed predecessor
    return socket.create_server(url.path, family=socket.AF_UNIX)


def accept(listener):
    sock, _ = listener.accept()
    return without_delay(sock)


def connect(address, timeout_s=None):
    url = urlsplit(address)
    if url.scheme == "tcp":
        return without_delay(socket.create_connection((url.hostname, url.port), timeout_s))
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(url.path)
    return sock


def without_delay(sock):
    """Have TCP send at once, and not wait for earlier bytes to be acknowledged."""
    if sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock
