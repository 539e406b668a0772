"""Several servers on BSD sockets, without a middle: clients go round, past who is gone."""

from contextlib import suppress
from itertools import cycle, islice

from connections import attend, connect, listen
from framing import frame, messages_from
from idle import is_gone


def serve(server, handle):
    attend(listen(server), serve_client, handle)


def serve_client(client, handle):
    with client, client.makefile("rb") as stream:
        for request in messages_from(stream):
            client.sendall(frame(handle(request)))


def call(servers, requests):
    connections, turn = {}, cycle(servers)
    for request in requests:
        server, replies = reach(connections, islice(turn, len(servers)))
        server.sendall(frame(request))
        try:
            yield next(replies)
        except StopIteration:
            raise ConnectionError("the server closed the connection") from None


def reach(connections, servers):
    """Return the first of some servers that can be reached, and its replies."""
    for server in servers:
        with suppress(OSError):
            if server not in connections or is_gone(connections[server][0]):
                connection = connect(server)
                connections[server] = connection, messages_from(connection.makefile("rb"))
            return connections[server]
    raise ConnectionError("no server answers")
