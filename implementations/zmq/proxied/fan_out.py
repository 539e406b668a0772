"""Fan-out over ZMTP with a proxy in the middle, which passes subscriptions on."""

import zmq


def publish(address, messages):
    # LINGER is for ever by default: at the end this waits until all has been sent.
    with zmq.Context.instance() as context, with_ipv6(context, zmq.PUB) as socket:
        socket.bind(address)
        for message in messages:
            socket.send(message)


def proxy(front, back):
    context = zmq.Context.instance()
    subscribers = with_ipv6(context, zmq.XPUB)
    subscribers.bind(front)
    publisher = with_ipv6(context, zmq.XSUB)
    publisher.connect(back)
    zmq.proxy(subscribers, publisher)


def subscribe(address):
    socket = with_ipv6(zmq.Context.instance(), zmq.SUB)
    socket.subscribe(b"")  # an empty prefix matches every message
    socket.connect(address)
    while True:
        yield socket.recv()


def with_ipv6(context, kind):
    socket = context.socket(kind)
    socket.ipv6 = 1
    return socket
