"""Fan-out over ZMTP: PUB drops messages for a subscriber whose queue is full."""

import zmq


def publish(address, messages):
    # LINGER is for ever by default: at the end this waits until all has been sent.
    with zmq.Context.instance() as context, context.socket(zmq.PUB) as socket:
        socket.ipv6 = 1
        socket.bind(address)
        for message in messages:
            socket.send(message)


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.ipv6 = 1
    socket.subscribe(b"")  # an empty prefix matches every message
    socket.connect(address)
    while True:
        yield socket.recv()
