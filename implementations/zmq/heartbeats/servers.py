"""Several servers over ZMTP behind a proxy that drops a server without a sign of life."""

import zmq

HEARTBEAT_MS = 300


def serve(back, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.connect(back)
    while True:
        socket.send(handle(socket.recv()))


def balance(front, back):
    context = zmq.Context.instance()
    clients = context.socket(zmq.ROUTER)
    clients.bind(front)
    servers = context.socket(zmq.DEALER)
    servers.heartbeat_ivl = HEARTBEAT_MS  # else a frozen server keeps its turn
    servers.bind(back)
    zmq.proxy(clients, servers)


def call(front, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.connect(front)
    for request in requests:
        socket.send(request)
        yield socket.recv()
