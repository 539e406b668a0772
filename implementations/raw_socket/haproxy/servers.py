"""Several servers on BSD sockets behind HAProxy, which deals connections."""

from pathlib import Path

import upstream
from connections import attend, connect, listen
from framing import frame, messages_from
from idle import is_gone

CONFIGURATION = Path(__file__).with_name("haproxy.cfg")


def serve(server, handle):
    attend(listen(server), serve_client, handle)


def serve_client(client, handle):
    with client, client.makefile("rb") as stream:
        for request in messages_from(stream):
            client.sendall(frame(handle(request)))


def balance(front, servers):
    upstream.run(CONFIGURATION, front, servers)


def reconfigure(front, servers):
    upstream.reload(servers)


def call(front, requests):
    server = connect(front)
    replies = messages_from(server.makefile("rb"))
    for request in requests:
        if is_gone(server):
            server = connect(front)
            replies = messages_from(server.makefile("rb"))
        server.sendall(frame(request))
        try:
            yield next(replies)
        except StopIteration:
            raise ConnectionError("the server closed the connection") from None
