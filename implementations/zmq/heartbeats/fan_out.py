"""Fan-out over ZMTP with heartbeats: who notices a dead connection makes a new one.

What was on its way in that connection is lost: heartbeats find out, they repeat nothing.
"""

import zmq

HEARTBEAT_MS = 300


def publish(address, messages):
    # LINGER is for ever by default: at the end this waits until all has been sent.
    with zmq.Context.instance() as context, context.socket(zmq.PUB) as socket:
        set_options(socket)
        socket.bind(address)
        for message in messages:
            socket.send(message)


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    set_options(socket)
    socket.subscribe(b"")  # an empty prefix matches every message
    socket.connect(address)
    while True:
        yield socket.recv()


def set_options(socket):
    socket.ipv6 = 1
    socket.heartbeat_ivl = HEARTBEAT_MS  # and as long to answer
