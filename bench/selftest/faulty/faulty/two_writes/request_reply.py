"""Writes length and message separately, so that TCP waits for an acknowledgement."""

import socket
import struct
from urllib.parse import urlsplit


def serve(address, handle):
    url = urlsplit(address)
    with socket.create_server((url.hostname, url.port)) as listener:
        client, _ = listener.accept()
        for request in messages_from(client):
            write_twice(client, handle(request))


def call(address, requests):
    url = urlsplit(address)
    server = socket.create_connection((url.hostname, url.port))
    replies = messages_from(server)
    for request in requests:
        write_twice(server, request)
        yield next(replies)


def write_twice(sock, message):
    sock.sendall(struct.pack("!I", len(message)))
    sock.sendall(message)


def messages_from(sock):
    stream = sock.makefile("rb")
    while header := stream.read(4):
        yield stream.read(struct.unpack("!I", header)[0])
