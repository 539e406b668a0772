"""Each message is published twice."""

import zmq


def publish(address, messages):
    socket = zmq.Context.instance().socket(zmq.PUB)
    socket.xpub_nodrop = 1
    socket.bind(address)
    for message in messages:
        socket.send(message)
        socket.send(message)
    socket.poll()


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"")
    socket.connect(address)
    while True:
        yield socket.recv()
