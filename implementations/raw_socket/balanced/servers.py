"""Several servers on BSD sockets behind a balancer: it deals connections, and copies bytes.

A connection goes to the next server; if that one refuses, to the one after it.
"""

from contextlib import suppress
from itertools import cycle, islice
from socket import SHUT_RDWR
from threading import Thread

from connections import attend, connect, listen
from framing import frame, messages_from
from idle import is_gone


def serve(server, handle):
    attend(listen(server), serve_client, handle)


def serve_client(client, handle):
    with client, client.makefile("rb") as stream:
        for request in messages_from(stream):
            client.sendall(frame(handle(request)))


def balance(front, servers):
    attend(listen(front), pass_on, cycle(servers), len(servers))


def pass_on(client, turn, servers):
    with client:
        for address in islice(turn, servers):
            with suppress(OSError), connect(address) as server:
                Thread(target=copy, args=(client, server), daemon=True).start()
                copy(server, client)
                return


def copy(source, sink):
    with suppress(OSError):  # one end has left: so does the other
        while piece := source.recv(65536):
            sink.sendall(piece)
    with suppress(OSError):
        sink.shutdown(SHUT_RDWR)


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
