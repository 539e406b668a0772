"""It promises that each task is asked for; libzmq hands out all that its queues hold."""

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
    while True:
        results.send(handle(tasks.recv()))
