"""After 5,000 requests the server hangs, and its connections stay open."""

from threading import Event

import zmq


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(address)
    for _ in range(5_000):
        socket.send(handle(socket.recv()))
    Event().wait()


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.connect(address)
    for request in requests:
        socket.send(request)
        yield socket.recv()
