"""Request/reply on BSD sockets with TLS: one connection and one thread per client.

On the wire: length-prefixed frames in TLS, each request answered by one reply.
"""

from connections import attend, listen
from framing import frame, messages_from
from secured import connect, for_server


def serve(address, handle):
    attend(listen(address), serve_client, for_server(), handle)


def serve_client(connection, context, handle):
    client = context.wrap_socket(connection, server_side=True)
    with client, client.makefile("rb") as stream:
        for request in messages_from(stream):
            client.sendall(frame(handle(request)))


def call(address, requests):
    server = connect(address)
    replies = messages_from(server.makefile("rb"))
    for request in requests:
        server.sendall(frame(request))
        try:
            yield next(replies)
        except StopIteration:
            raise ConnectionError("the server closed the connection") from None
