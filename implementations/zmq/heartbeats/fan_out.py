"""Fan-out over ZMTP with heartbeats: who notices a dead connection makes a new one.

What was on its way in that connection is lost: heartbeats find out, they repeat nothing.
"""

import zmq

HEARTBEAT_MS = 300


def publish(address, messages):
    socket = beating(zmq.PUB)
    socket.bind(address)
    for message in messages:
        socket.send(message)
    socket.poll()  # for ever: closing an ipc socket drops what a slow reader has queued


def subscribe(address):
    socket = beating(zmq.SUB)
    socket.subscribe(b"")  # an empty prefix matches every message
    socket.connect(address)
    while True:
        yield socket.recv()


def beating(kind):
    socket = zmq.Context.instance().socket(kind)
    socket.heartbeat_ivl = HEARTBEAT_MS  # and as long to answer
    return socket
