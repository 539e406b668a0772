"""The server is one reply behind: each request gets the reply to the one before."""

import zmq


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(address)
    stale = None
    while True:
        reply = handle(socket.recv())
        socket.send(reply if stale is None else stale)
        stale = reply


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.connect(address)
    for request in requests:
        socket.send(request)
        yield socket.recv()
