"""Plain sockets, and work that is certain to take so much CPU time."""

import os
import socket
import time
from urllib.parse import urlsplit

CPU_S = 0.002
HEADER_BYTES = 4


def listen(address):
    url = urlsplit(address)
    return socket.create_server((url.hostname, url.port))


def work():
    began = time.process_time()
    while time.process_time() - began < CPU_S:
        pass


def read(stream):
    header = stream.read(HEADER_BYTES)
    return stream.read(int.from_bytes(header)) if header else None


def write(sock, message):
    sock.sendall(len(message).to_bytes(HEADER_BYTES) + message)


def serve_one(listener, handle):
    client, _ = listener.accept()
    stream = client.makefile("rb")
    while (request := read(stream)) is not None:
        work()
        write(client, handle(request))


def become_daemon():
    """Return in the grandchild, which is in a session of its own; else say False."""
    if os.fork():
        os.wait()
        return False
    os.setsid()
    if os.fork():
        os._exit(0)
    return True


def call(address, requests):
    url = urlsplit(address)
    server = socket.create_connection((url.hostname, url.port))
    stream = server.makefile("rb")
    for request in requests:
        write(server, request)
        yield read(stream)
