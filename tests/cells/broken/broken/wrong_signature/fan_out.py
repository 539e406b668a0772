"""A subscriber that wants a topic, which nobody will give it."""

import zmq


def publish(address, messages):
    socket = zmq.Context.instance().socket(zmq.PUB)
    socket.xpub_nodrop = 1
    socket.bind(address)
    for message in messages:
        socket.send(message)
    socket.poll()


def subscribe(address, topic):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(topic)
    socket.connect(address)
    while True:
        yield socket.recv()
