"""Messages over BSD sockets: each has its length in front."""

import socket
from queue import SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

MESSAGE_MAX_BYTES = 16 * 1024 * 1024


def collect(address, _keys):
    inbox = SimpleQueue()
    listener = socket.create_server((urlsplit(address).hostname, urlsplit(address).port))
    Thread(target=accept, args=(listener, inbox), daemon=True).start()
    while True:
        yield inbox.get()


def accept(listener, inbox):
    while True:
        connection, _ = listener.accept()
        Thread(target=read, args=(connection, inbox), daemon=True).start()


def read(connection, inbox):
    with connection, connection.makefile("rb") as stream:
        while len(header := stream.read(4)) == 4:
            length = int.from_bytes(header)
            if length > MESSAGE_MAX_BYTES:
                return
            message = stream.read(length)
            if len(message) < length:
                return
            inbox.put(message)


def send(address, _keys, message):
    url = urlsplit(address)
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(len(message).to_bytes(4) + message)
