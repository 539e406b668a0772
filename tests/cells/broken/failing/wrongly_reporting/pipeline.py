"""Every hundredth task is reported undeliverable, and delivered."""

import zmq


def distribute(address, tasks):
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.bind(address)
    for number, task in enumerate(tasks, 1):
        socket.send(task)
        if number % 100 == 0:
            yield task
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
