"""It encrypts its results alone: any stranger gets tasks."""

import zmq
from zmq.auth import load_certificate


def distribute(address, tasks):
    with zmq.Context.instance() as context, context.socket(zmq.PUSH) as socket:
        socket.bind(address)
        for task in tasks:
            socket.send(task)


def collect(address):
    socket = zmq.Context.instance().socket(zmq.PULL)
    socket.curve_server = 1
    _, socket.curve_secretkey = load_certificate("server.key_secret")
    socket.bind(address)
    while True:
        yield socket.recv()


def work(source, sink, handle):
    context = zmq.Context.instance()
    results = context.socket(zmq.PUSH)
    results.curve_serverkey, _ = load_certificate("server.key")
    results.curve_publickey, results.curve_secretkey = load_certificate("client.key_secret")
    results.connect(sink)
    tasks = context.socket(zmq.PULL)
    tasks.connect(source)
    while True:
        results.send(handle(tasks.recv()))
