"""Request/reply over ZMTP that survives its server: a lost reply yields None."""

import zmq

TIMEOUT_MS = 600


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(address)
    while True:
        socket.send(handle(socket.recv()))


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.req_relaxed = 1  # may ask again although there was no reply
    socket.req_correlate = 1  # drops a late reply to an earlier request
    socket.rcvtimeo = TIMEOUT_MS
    socket.linger = 0
    socket.connect(address)
    for request in requests:
        socket.send(request)
        try:
            reply = socket.recv()
        except zmq.Again:
            reply = None
        yield reply
