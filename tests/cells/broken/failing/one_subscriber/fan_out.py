"""Accepts one subscriber: a later one waits forever."""

import socket
import struct
from urllib.parse import urlsplit


def publish(address, messages):
    url = urlsplit(address)
    listener = socket.create_server((url.hostname, url.port))
    subscriber, _ = listener.accept()
    for message in messages:
        subscriber.sendall(struct.pack("!I", len(message)) + message)


def subscribe(address):
    url = urlsplit(address)
    stream = socket.create_connection((url.hostname, url.port)).makefile("rb")
    while header := stream.read(4):
        (length,) = struct.unpack("!I", header)
        yield stream.read(length)
