"""Request/reply on BSD sockets that survives its server: a lost reply yields None.

On the wire: length-prefixed frames, each request answered by one reply.
"""

from contextlib import suppress
from time import monotonic, sleep

from connections import BACKOFF_S, attend, connect, listen
from framing import frame, messages_from

TIMEOUT_S = 0.6


def serve(address, handle):
    attend(listen(address), serve_client, handle)


def serve_client(client, handle):
    with suppress(OSError), client, client.makefile("rb") as stream:
        for request in messages_from(stream):
            client.sendall(frame(handle(request)))


def call(address, requests):
    server = None
    for request in requests:
        try:
            if not server:
                server = connect_in_time(address)
                server.settimeout(TIMEOUT_S)
                replies = messages_from(server.makefile("rb"))
            server.sendall(frame(request))
            reply = next(replies, None)
        except OSError:
            reply = None
        if reply is None:  # closed, for a late reply must not meet the next request
            server = replies = None
        yield reply


def connect_in_time(address):
    give_up_at = monotonic() + TIMEOUT_S
    while True:
        try:
            return connect(address, max(BACKOFF_S, give_up_at - monotonic()))
        except OSError:
            if monotonic() >= give_up_at:
                raise
            sleep(BACKOFF_S)
