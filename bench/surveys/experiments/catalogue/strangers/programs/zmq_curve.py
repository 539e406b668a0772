"""Messages over ZeroMQ with CURVE: encrypted, for those who know the server's key."""

import zmq
from zmq.auth import load_certificate


def collect(address, keys):
    socket = zmq.Context.instance().socket(zmq.PULL)
    socket.curve_publickey, socket.curve_secretkey = load_certificate(
        keys / "server.key_secret"
    )
    socket.curve_server = True
    socket.bind(address)
    while True:
        yield socket.recv()


def send(address, keys, message):
    with zmq.Context() as context, context.socket(zmq.PUSH) as socket:
        socket.curve_serverkey, _ = load_certificate(keys / "server.key")
        socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
        socket.connect(address)
        socket.send(message)
