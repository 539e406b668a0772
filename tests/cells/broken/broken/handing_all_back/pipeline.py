"""It hands back a task of its limit too, which it should take."""

import zmq

LIMIT_BYTES = 1024 * 1024


def distribute(address, tasks):
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.bind(address)
    for task in tasks:
        if len(task) >= LIMIT_BYTES:
            yield task
        else:
            socket.send(task)
    socket.poll()


def collect(address):
    socket = zmq.Context.instance().socket(zmq.PULL)
    socket.bind(address)
    while True:
        yield socket.recv()


def work(source, sink, handle):
    context = zmq.Context.instance()
    results = context.socket(zmq.PUSH)
    results.connect(sink)
    tasks = context.socket(zmq.PULL)
    tasks.connect(source)
    while True:
        results.send(handle(tasks.recv()))
