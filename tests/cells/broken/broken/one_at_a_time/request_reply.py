"""It promises to handle several requests at a time; a REP socket has one."""

import zmq


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(address)
    while True:
        socket.send(handle(socket.recv()))


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.connect(address)
    for request in requests:
        socket.send(request)
        yield socket.recv()
