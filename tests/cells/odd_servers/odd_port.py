"""A server that prints the address it was given, and not where it listens."""

import socket

LISTENERS = []


def start(address):
    LISTENERS.append(socket.create_server(("127.0.0.1", 0)))
    return address.url, lambda: None
