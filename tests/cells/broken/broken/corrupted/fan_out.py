"""A bit of every long message is flipped."""

import zmq


def publish(address, messages):
    socket = zmq.Context.instance().socket(zmq.PUB)
    socket.xpub_nodrop = 1
    socket.bind(address)
    for message in messages:
        if len(message) > 1000:
            message = message[:-1] + bytes([message[-1] ^ 1])
        socket.send(message)
    socket.poll()


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"")
    socket.connect(address)
    while True:
        yield socket.recv()
