"""The program in Python beside the port, with the framing that the port should have."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[4] / "implementations" / "raw_socket"))

from framing import accept, connect, frame, listen, messages_from


def serve(address, handle):
    listener = listen(address)
    client = accept(listener)
    for request in messages_from(client.makefile("rb")):
        client.sendall(frame(handle(request)))


def call(address, requests):
    server = connect(address)
    replies = messages_from(server.makefile("rb"))
    for request in requests:
        server.sendall(frame(request))
        yield next(replies)
