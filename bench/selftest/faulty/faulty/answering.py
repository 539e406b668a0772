"""A server with a thread for each client. The standard library frames its messages."""

from multiprocessing.connection import Client, Listener
from threading import Thread
from urllib.parse import urlsplit


def serve(address, handle):
    with Listener(place(address)) as listener:
        while True:
            Thread(target=answer, args=(listener.accept(), handle), daemon=True).start()


def answer(client, handle):
    while True:
        try:
            request = client.recv_bytes()
        except (EOFError, OSError):  # it has left
            break
        client.send_bytes(handle(request))


def connect(address):
    return Client(place(address))


def place(address):
    url = urlsplit(address)
    return url.hostname, url.port
