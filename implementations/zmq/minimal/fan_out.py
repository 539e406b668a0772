"""Fan-out over ZMTP: PUB drops messages for a subscriber whose queue is full."""

import zmq


def publish(address, messages):
    socket = zmq.Context.instance().socket(zmq.PUB)
    socket.bind(address)
    for message in messages:
        socket.send(message)
    socket.poll()  # for ever: closing an ipc socket drops what a slow reader has queued


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"")  # an empty prefix matches every message
    socket.connect(address)
    while True:
        yield socket.recv()
