"""Several servers over ZMTP, without a middle: a REQ socket goes round those it reaches."""

import zmq


def serve(server, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.bind(server)
    while True:
        socket.send(handle(socket.recv()))


def call(servers, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.immediate = 1  # else a server that is gone gets its turn as well
    for server in servers:
        socket.connect(server)
    for request in requests:
        socket.send(request)
        yield socket.recv()
