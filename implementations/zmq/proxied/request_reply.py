"""Request/reply over ZMTP with a proxy in the middle, which is all that clients know."""

import zmq


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.ipv6 = 1
    socket.bind(address)
    while True:
        socket.send(handle(socket.recv()))


def proxy(front, back):
    context = zmq.Context.instance()
    clients = context.socket(zmq.ROUTER)
    clients.ipv6 = 1
    clients.bind(front)
    servers = context.socket(zmq.DEALER)
    servers.ipv6 = 1
    servers.connect(back)
    zmq.proxy(clients, servers)


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.ipv6 = 1
    socket.connect(address)
    for request in requests:
        socket.send(request)
        yield socket.recv()
