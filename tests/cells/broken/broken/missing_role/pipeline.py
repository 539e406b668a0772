"""Nobody collects."""

import zmq


def distribute(address, tasks):
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.bind(address)
    for task in tasks:
        socket.send(task)
    socket.poll()


def work(source, sink, handle):
    context = zmq.Context.instance()
    results = context.socket(zmq.PUSH)
    results.connect(sink)
    tasks = context.socket(zmq.PULL)
    tasks.connect(source)
    while True:
        results.send(handle(tasks.recv()))
