"""Pipeline over ZMTP on asyncio: PUSH deals tasks out in turn, PULL collects."""

import zmq
from zmq.asyncio import Context


async def distribute(address, tasks):
    # LINGER is for ever by default: at the end this waits until all has been sent.
    with Context.instance() as context, context.socket(zmq.PUSH) as socket:
        socket.ipv6 = 1
        socket.bind(address)
        async for task in tasks:
            await socket.send(task)  # waits while no queue has room


async def collect(address):
    socket = Context.instance().socket(zmq.PULL)
    socket.ipv6 = 1
    socket.bind(address)
    while True:
        yield await socket.recv()


async def work(source, sink, handle):
    context = Context.instance()
    results = context.socket(zmq.PUSH)
    results.ipv6 = 1
    results.connect(sink)
    tasks = context.socket(zmq.PULL)
    tasks.ipv6 = 1
    tasks.connect(source)
    while True:
        await results.send(handle(await tasks.recv()))
