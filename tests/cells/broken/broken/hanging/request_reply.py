"""The server takes the 500th request and never answers."""

import threading

import zmq


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(address)
    for _ in range(500):
        socket.send(handle(socket.recv()))
    threading.Event().wait()


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.connect(address)
    for request in requests:
        socket.send(request)
        yield socket.recv()
