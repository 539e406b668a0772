"""A lossless fan-out over ZeroMQ for publishers that tamper with their messages."""

import zmq


def number(message):
    """Return the sequence number of a message, or None for one of the warm-up."""
    return int.from_bytes(message[8:16]) if message[19] else None


def publish(address, messages):
    socket = zmq.Context.instance().socket(zmq.PUB)
    socket.setsockopt(zmq.XPUB_NODROP, 1)
    socket.bind(address)
    for message in messages:
        socket.send(message)
    socket.poll()


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"")
    socket.connect(address)
    while True:
        yield socket.recv()
