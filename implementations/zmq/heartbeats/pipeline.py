"""Pipeline over ZMTP with heartbeats: who notices a dead connection makes a new one.

What was on its way in that connection is lost: heartbeats find out, they repeat nothing.
"""

import zmq

HEARTBEAT_MS = 300


def distribute(address, tasks):
    # LINGER is for ever by default: at the end this waits until all has been sent.
    with zmq.Context.instance() as context, beating(context, zmq.PUSH) as socket:
        socket.bind(address)
        for task in tasks:
            socket.send(task)  # waits while there is no worker, or all queues are full


def collect(address):
    socket = beating(zmq.Context.instance(), zmq.PULL)
    socket.bind(address)
    while True:
        yield socket.recv()


def work(source, sink, handle):
    context = zmq.Context.instance()
    results = beating(context, zmq.PUSH)
    results.connect(sink)
    tasks = beating(context, zmq.PULL)
    tasks.connect(source)
    while True:
        results.send(handle(tasks.recv()))


def beating(context, kind):
    socket = context.socket(kind)
    socket.ipv6 = 1
    socket.heartbeat_ivl = HEARTBEAT_MS  # and as long to answer
    return socket
