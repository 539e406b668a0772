"""Fan-out over ZMTP on asyncio: PUB drops messages for a subscriber whose queue is full."""

import zmq
from zmq.asyncio import Context


async def publish(address, messages):
    # LINGER is for ever by default: at the end this waits until all has been sent.
    with Context.instance() as context, context.socket(zmq.PUB) as socket:
        socket.ipv6 = 1
        socket.bind(address)
        async for message in messages:
            await socket.send(message)


async def subscribe(address):
    socket = Context.instance().socket(zmq.SUB)
    socket.ipv6 = 1
    socket.subscribe(b"")  # an empty prefix matches every message
    socket.connect(address)
    while True:
        yield await socket.recv()
