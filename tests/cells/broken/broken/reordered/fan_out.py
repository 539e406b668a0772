"""Messages change places in pairs."""

import zmq


def publish(address, messages):
    socket = zmq.Context.instance().socket(zmq.PUB)
    socket.xpub_nodrop = 1
    socket.bind(address)
    messages = iter(messages)
    for message in messages:
        following = next(messages, None)
        if following is not None:
            socket.send(following)
        socket.send(message)
    socket.poll()


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"")
    socket.connect(address)
    while True:
        yield socket.recv()
