"""Every hundredth message is reported lost, and then yielded behind its successor."""

import zmq


def publish(address, messages):
    socket = zmq.Context.instance().socket(zmq.PUB)
    socket.bind(address)
    for message in messages:
        socket.send(message)
    socket.poll()


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"")
    socket.connect(address)
    while True:
        for _ in range(98):
            yield socket.recv()
        late = socket.recv()
        yield None
        yield socket.recv()
        yield late
