"""Handles what there is of a request when its client dies in the middle of it."""

import socket
import struct
from threading import Thread
from urllib.parse import urlsplit


def messages(stream):
    while header := stream.read(4):
        (length,) = struct.unpack("!I", header)
        yield stream.read(length)  # which is shorter at the end of the stream


def serve(address, handle):
    url = urlsplit(address)
    listener = socket.create_server((url.hostname, url.port))
    while True:
        client, _ = listener.accept()
        Thread(target=serve_client, args=(client, handle), daemon=True).start()


def serve_client(client, handle):
    for request in messages(client.makefile("rb")):
        reply = handle(request)
        client.sendall(struct.pack("!I", len(reply)) + reply)


def call(address, requests):
    url = urlsplit(address)
    server = socket.create_connection((url.hostname, url.port))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    replies = messages(server.makefile("rb"))
    for request in requests:
        server.sendall(struct.pack("!I", len(request)) + request)
        yield next(replies)
