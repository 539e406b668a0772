"""It encrypts, and answers all that know its public key: it checks no client's key."""

import zmq
from zmq.auth import load_certificate


def serve(address, handle):
    socket = zmq.Context.instance().socket(zmq.REP)
    socket.curve_server = 1
    _, socket.curve_secretkey = load_certificate("server.key_secret")
    socket.bind(address)
    while True:
        socket.send(handle(socket.recv()))


def call(address, requests):
    socket = zmq.Context.instance().socket(zmq.REQ)
    socket.curve_serverkey, _ = load_certificate("server.key")
    socket.curve_publickey, socket.curve_secretkey = load_certificate("client.key_secret")
    socket.connect(address)
    for request in requests:
        socket.send(request)
        yield socket.recv()
