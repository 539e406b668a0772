"""Messages over TLS on BSD sockets: each has its length in front."""

import socket
import ssl
from queue import SimpleQueue
from threading import Thread
from urllib.parse import urlsplit

MESSAGE_MAX_BYTES = 16 * 1024 * 1024


def collect(address, keys):
    inbox = SimpleQueue()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(keys / "server.pem", keys / "server.key.pem")
    listener = socket.create_server((urlsplit(address).hostname, urlsplit(address).port))
    Thread(target=accept, args=(listener, tls, inbox), daemon=True).start()
    while True:
        yield inbox.get()


def accept(listener, tls, inbox):
    while True:
        connection, _ = listener.accept()
        Thread(target=read, args=(connection, tls, inbox), daemon=True).start()


def read(connection, tls, inbox):
    try:  # the handshake is here, so that no stranger keeps others from being accepted
        secure = tls.wrap_socket(connection, server_side=True)
    except OSError:
        return
    with secure, secure.makefile("rb") as stream:
        while len(header := stream.read(4)) == 4:
            length = int.from_bytes(header)
            if length > MESSAGE_MAX_BYTES:
                return
            message = stream.read(length)
            if len(message) < length:
                return
            inbox.put(message)


def send(address, keys, message):
    url = urlsplit(address)
    tls = ssl.create_default_context(cafile=keys / "server.pem")
    with (
        socket.create_connection((url.hostname, url.port)) as connection,
        tls.wrap_socket(connection, server_hostname=url.hostname) as secure,
    ):
        secure.sendall(len(message).to_bytes(4) + message)
