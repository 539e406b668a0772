"""Declared lossless, but PUB drops for a subscriber whose (tiny) queue is full."""

import zmq


def publish(address, messages):
    socket = zmq.Context.instance().socket(zmq.PUB)
    socket.sndhwm = 1
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
