"""Clients and servers of frames with four bytes of length, a thread for each connection."""

import socket
from threading import Thread
from urllib.parse import urlsplit


def whole(connection, length):
    data = b""
    while len(data) < length and (more := connection.recv(length - len(data))):
        data += more
    return data


def read(connection):
    header = whole(connection, 4)
    return whole(connection, int.from_bytes(header)) if header else None


def write(connection, message):
    connection.sendall(len(message).to_bytes(4) + message)


def attend(address, each):
    url = urlsplit(address)
    listener = socket.create_server((url.hostname, url.port))
    while True:
        connection, _ = listener.accept()
        Thread(target=each, args=(connection,), daemon=True).start()


def call(address, requests):
    url = urlsplit(address)
    with socket.create_connection((url.hostname, url.port)) as connection:
        for request in requests:
            write(connection, request)
            reply = read(connection)
            if reply is None:
                raise ConnectionError("the server closed the connection")
            yield reply
