"""Declared lossy, which allows losses in a blast; this one loses at leisure too."""

import zmq


def publish(address, messages):
    socket = zmq.Context.instance().socket(zmq.PUB)
    socket.xpub_nodrop = 1
    socket.bind(address)
    for number, message in enumerate(messages):
        if number % 100:
            socket.send(message)
    socket.poll()


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"")
    socket.connect(address)
    while True:
        yield socket.recv()
