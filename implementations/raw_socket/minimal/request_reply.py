"""Request/reply on BSD sockets: one connection and one server thread per client.

On the wire: length-prefixed frames, each request answered by one reply.
"""

from threading import Thread

from framing import accept, connect, frame, listen, messages_from


def serve(address, handle):
    listener = listen(address)
    while True:
        client = accept(listener)
        Thread(target=serve_client, args=(client, handle), daemon=True).start()


def serve_client(client, handle):
    with client, client.makefile("rb") as stream:
        for request in messages_from(stream):
            client.sendall(frame(handle(request)))


def call(address, requests):
    server = connect(address)
    replies = messages_from(server.makefile("rb"))
    for request in requests:
        server.sendall(frame(request))
        reply = next(replies, None)
        if reply is None:
            raise ConnectionError("the server closed the connection")
        yield reply
