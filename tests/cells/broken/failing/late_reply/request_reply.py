"""The client gives a late reply up, and takes it for the reply to its next request."""

import zmq

TIMEOUT_MS = 600


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.ROUTER)
    socket.bind(address)
    while True:
        client, request = socket.recv_multipart()
        socket.send_multipart([client, handle(request)])


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.DEALER)
    socket.connect(address)
    for request in requests:
        socket.send(request)
        yield socket.recv() if socket.poll(TIMEOUT_MS) else None
