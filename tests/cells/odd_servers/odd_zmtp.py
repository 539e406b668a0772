"""A REP socket that answers with something else."""

import threading

import zmq


def start(address):
    context = zmq.Context()
    socket = context.socket(zmq.REP)
    socket.ipv6 = True
    socket.maxmsgsize = 1 << 20
    socket.bind(address.url)
    bound = socket.last_endpoint.decode()
    threading.Thread(target=serve, args=(socket,), daemon=True).start()
    return bound, lambda: None


def serve(socket):
    while True:
        socket.send(socket.recv().upper())
