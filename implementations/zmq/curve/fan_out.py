"""Fan-out over ZMTP with CURVE: publishing waits for the slowest subscriber."""

import zmq
from keys import bind, connect, known_clients


def publish(address, messages):
    # LINGER is for ever by default: at the end this waits until all has been sent.
    with zmq.Context() as context, known_clients(context):
        socket = context.socket(zmq.PUB)
        socket.xpub_nodrop = 1  # a full queue blocks send() instead of dropping
        bind(socket, address)
        for message in messages:
            socket.send(message)
        socket.close()


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"")  # an empty prefix matches every message
    connect(socket, address)
    while True:
        yield socket.recv()
