"""Several servers on BSD sockets, without a middle: clients go round, past who is gone."""

from itertools import cycle, islice

from connections import attend, connect, listen
from framing import frame, messages_from


def serve(server, handle):
    attend(listen(server), serve_client, handle)


def serve_client(client, handle):
    with client, client.makefile("rb") as stream:
        for request in messages_from(stream):
            client.sendall(frame(handle(request)))


def call(servers, requests):
    connections, turn = {}, cycle(servers)
    for request in requests:
        yield ask(connections, islice(turn, len(servers)), request)


def ask(connections, servers, request):
    for server in servers:
        try:
            if server not in connections:
                connection = connect(server)
                connections[server] = connection, messages_from(connection.makefile("rb"))
            connection, replies = connections[server]
            connection.sendall(frame(request))
            return next(replies)
        except (OSError, StopIteration):
            connections.pop(server, None)
    raise ConnectionError("no server answers")
