"""Every worker forgets each 200th task."""

import zmq


def distribute(address, tasks):
    socket = zmq.Context.instance().socket(zmq.PUSH)
    socket.bind(address)
    for task in tasks:
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
    done = 0
    while True:
        result = handle(tasks.recv())
        done += 1
        if done % 200:
            results.send(result)
