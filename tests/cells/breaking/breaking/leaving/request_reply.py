"""After 5,000 requests the server's process ends, with the status of success."""

import os
import sys

import zmq


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(address)
    for _ in range(5_000):
        socket.send(handle(socket.recv()))
    sys.stderr.write("served enough\n")
    sys.stderr.flush()
    os._exit(0)


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.connect(address)
    for request in requests:
        socket.send(request)
        yield socket.recv()
