"""CURVE, where both ends have keys: see the files in this folder."""

from contextlib import contextmanager

from zmq.auth import load_certificate
from zmq.auth.thread import ThreadAuthenticator


@contextmanager
def known_clients(context):
    """Let in those alone whose public keys are in the folder ``clients``."""
    guard = ThreadAuthenticator(context)
    guard.start()
    guard.configure_curve(location="clients")
    try:
        yield
    finally:
        guard.stop()


def bind(socket, address):
    socket.ipv6 = 1
    socket.curve_server = 1
    _, socket.curve_secretkey = load_certificate("server.key_secret")
    socket.bind(address)


def connect(socket, address):
    socket.ipv6 = 1
    socket.curve_serverkey, _ = load_certificate("server.key")
    socket.curve_publickey, socket.curve_secretkey = load_certificate("client.key_secret")
    socket.connect(address)
