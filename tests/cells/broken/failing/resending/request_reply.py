"""The client asks again and again; the server does what it is asked each time."""

import zmq

TIMEOUT_MS = 600


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(address)
    while True:
        socket.send(handle(socket.recv()))


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.req_relaxed = 1
    socket.req_correlate = 1
    socket.connect(address)
    for request in requests:
        socket.send(request)
        while not socket.poll(TIMEOUT_MS):
            socket.send(request)
        yield socket.recv()
