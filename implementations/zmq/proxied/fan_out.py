"""Fan-out over ZMTP with a proxy in the middle, which passes subscriptions on."""

import zmq


def publish(address, messages):
    socket = zmq.Context.instance().socket(zmq.PUB)
    socket.bind(address)
    for message in messages:
        socket.send(message)
    socket.poll()  # for ever: closing an ipc socket drops what a slow reader has queued


def proxy(front, back):
    context = zmq.Context.instance()
    subscribers = context.socket(zmq.XPUB)
    subscribers.bind(front)
    publisher = context.socket(zmq.XSUB)
    publisher.connect(back)
    zmq.proxy(subscribers, publisher)


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"")  # an empty prefix matches every message
    socket.connect(address)
    while True:
        yield socket.recv()
