"""An echo server inside a program that does something else, over ZMTP.

A REP socket in a thread of its own; it ends with the context.
"""

from threading import Thread

import zmq


def start(address):
    context = zmq.Context()
    socket = context.socket(zmq.REP)
    socket.ipv6 = True
    socket.bind(address.url)
    bound = socket.last_endpoint.decode()
    Thread(target=echo, args=(socket,)).start()
    return bound, context.term  # which waits until the socket is closed


def echo(socket):
    try:
        while True:
            socket.send_multipart(socket.recv_multipart())
    except zmq.ContextTerminated:
        socket.close(linger=1000)  # for a reply on its way; nobody waits for a dead peer
