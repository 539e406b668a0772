"""Several servers over ZMTP: a broker gives each request to who has been idle longest."""

from collections import deque

import zmq


def serve(back, handle):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.connect(back)
    socket.send(b"ready")
    while True:
        client, _, request = socket.recv_multipart()
        socket.send_multipart([client, b"", handle(request)])


def balance(front, back):
    context = zmq.Context.instance()
    clients, servers = context.socket(zmq.ROUTER), context.socket(zmq.ROUTER)
    clients.bind(front)
    servers.router_mandatory = 1  # else what is for a server that is gone is dropped
    servers.bind(back)
    idle, request = deque(), None
    while True:
        wanted = [servers, clients] if idle else [servers]
        ready, _, _ = zmq.select(wanted, [], [])
        if servers in ready:
            server, _, client, *reply = servers.recv_multipart()
            idle.append(server)
            if reply:
                clients.send_multipart([client, *reply])
        if clients in ready:
            request = clients.recv_multipart()
        while request and idle:
            try:
                servers.send_multipart([idle.popleft(), b"", *request])
                request = None
            except zmq.ZMQError as error:
                if error.errno != zmq.EHOSTUNREACH:
                    raise
                # it is gone: the next


def call(front, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.connect(front)
    for request in requests:
        socket.send(request)
        yield socket.recv()
