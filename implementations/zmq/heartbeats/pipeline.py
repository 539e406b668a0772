"""Pipeline over ZMTP with heartbeats: who notices a dead connection makes a new one.

What was on its way in that connection is lost: heartbeats find out, they repeat nothing.
"""

import zmq

HEARTBEAT_MS = 300


def distribute(address, tasks):
    socket = beating(zmq.PUSH)
    socket.bind(address)
    for task in tasks:
        socket.send(task)  # waits while there is no worker, or all queues are full
    socket.poll()  # for ever: closing an ipc socket drops what a slow reader has queued


def collect(address):
    socket = beating(zmq.PULL)
    socket.bind(address)
    while True:
        yield socket.recv()


def work(source, sink, handle):
    results = beating(zmq.PUSH)
    results.connect(sink)
    tasks = beating(zmq.PULL)
    tasks.connect(source)
    while True:
        results.send(handle(tasks.recv()))


def beating(kind):
    socket = zmq.Context.instance().socket(kind)
    socket.heartbeat_ivl = HEARTBEAT_MS  # and as long to answer
    return socket
