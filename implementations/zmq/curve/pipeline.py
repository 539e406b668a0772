"""Pipeline over ZMTP with CURVE: PUSH deals tasks out in turn, PULL collects."""

import zmq
from keys import bind, connect, known_clients


def distribute(address, tasks):
    # LINGER is for ever by default: at the end this waits until all has been sent.
    with zmq.Context() as context, known_clients(context):
        socket = context.socket(zmq.PUSH)
        bind(socket, address)
        for task in tasks:
            socket.send(task)  # waits while there is no worker, or all queues are full
        socket.close()


def collect(address):
    with zmq.Context() as context, known_clients(context):
        socket = context.socket(zmq.PULL)
        bind(socket, address)
        while True:
            yield socket.recv()


def work(source, sink, handle):
    context = zmq.Context.instance()
    results = context.socket(zmq.PUSH)
    connect(results, sink)
    tasks = context.socket(zmq.PULL)
    connect(tasks, source)
    while True:
        results.send(handle(tasks.recv()))
