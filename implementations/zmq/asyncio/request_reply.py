"""Request/reply over ZMTP on asyncio: REP answers one REQ socket per client."""

import zmq
from zmq.asyncio import Context


async def serve(address, handle):
    socket = Context.instance().socket(zmq.REP)
    socket.ipv6 = 1
    socket.bind(address)
    while True:
        await socket.send(handle(await socket.recv()))


async def call(address, requests):
    socket = Context.instance().socket(zmq.REQ)
    socket.ipv6 = 1
    socket.connect(address)
    async for request in requests:
        await socket.send(request)
        yield await socket.recv()
