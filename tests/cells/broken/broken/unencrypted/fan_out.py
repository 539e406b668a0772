"""It promises TLS, and does not use it."""

import zmq


def publish(address, messages):
    with zmq.Context.instance() as context, context.socket(zmq.PUB) as socket:
        socket.xpub_nodrop = 1
        socket.bind(address)
        for message in messages:
            socket.send(message)


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"")
    socket.connect(address)
    while True:
        yield socket.recv()
