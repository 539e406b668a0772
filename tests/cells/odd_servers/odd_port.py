"""A server that says what it was told, and not where it listens."""

import socket

LISTENERS = []


def start(address):
    LISTENERS.append(socket.create_server(("127.0.0.1", 0)))
    return address.url, lambda: None
