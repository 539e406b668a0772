"""Request/reply over ZMTP: the shortest program, and it takes requests of several parts."""

import zmq


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.ipv6 = 1
    socket.bind(address)
    while True:
        request, *_ = socket.recv_multipart()
        socket.send(handle(request))


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.ipv6 = 1
    socket.connect(address)
    for request in requests:
        socket.send(request)
        yield socket.recv()
