"""It promises not to batch; libzmq joins messages that wait."""

import zmq


def publish(address, messages):
    socket = zmq.Context.instance().socket(zmq.XPUB)
    socket.xpub_nodrop = 1
    socket.bind(address)
    for message in messages:
        socket.send(message)
    socket.poll()


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"")
    socket.connect(address)
    while True:
        yield socket.recv()
