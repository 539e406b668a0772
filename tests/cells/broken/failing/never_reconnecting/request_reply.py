"""The client never connects again, and waits for its reply forever."""

import zmq


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(address)
    while True:
        socket.send(handle(socket.recv()))


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.reconnect_ivl = -1
    socket.connect(address)
    for request in requests:
        socket.send(request)
        yield socket.recv()
