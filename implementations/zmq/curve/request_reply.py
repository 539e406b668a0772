"""Request/reply over ZMTP with CURVE: a REP socket answers the clients that it knows."""

import zmq
from keys import bind, connect, known_clients


def serve(address, handle):
    with zmq.Context() as context, known_clients(context):
        socket = context.socket(zmq.REP)
        bind(socket, address)
        while True:
            socket.send(handle(socket.recv()))


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    connect(socket, address)
    for request in requests:
        socket.send(request)
        yield socket.recv()
