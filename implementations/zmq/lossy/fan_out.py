"""Fan-out over ZMTP: PUB drops messages for a subscriber whose queue of 1 MiB is full."""

import zmq

# High-water marks count messages: these are 1 MiB for each subscriber, half of it at either
# end, if a message has 64 bytes. The default is 1000 messages.
QUEUE_MAX = 1024 * 1024 // 64 // 2


def publish(address, messages):
    # LINGER is for ever by default: at the end this waits until all has been sent.
    with zmq.Context.instance() as context, context.socket(zmq.PUB) as socket:
        socket.ipv6 = 1
        socket.sndhwm = QUEUE_MAX
        socket.bind(address)
        for message in messages:
            socket.send(message)


def subscribe(address):
    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.ipv6 = 1
    socket.rcvhwm = QUEUE_MAX
    socket.subscribe(b"")  # an empty prefix matches every message
    socket.connect(address)
    while True:
        yield socket.recv()
