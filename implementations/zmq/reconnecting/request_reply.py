"""Request/reply over ZMTP that survives its server: a lost reply yields None.

The client is the Lazy Pirate of ZeroMQ's guide, except that it reports a lost request
where that one sends it again.
"""

import zmq

TIMEOUT_MS = 600


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.ipv6 = 1
    socket.bind(address)
    while True:
        socket.send(handle(socket.recv()))


def call(address, requests):
    socket = connect(address)
    for request in requests:
        socket.send(request)
        if socket.poll(TIMEOUT_MS):
            yield socket.recv()
        else:
            # The request goes with the socket: the next server must not execute it.
            socket.close(linger=0)
            socket = connect(address)
            yield None


def connect(address):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.ipv6 = 1
    socket.connect(address)
    return socket
