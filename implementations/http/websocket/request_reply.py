"""Request/reply over WebSocket: a binary frame for a request, and one for its reply."""

import asyncio

from aiohttp import web
from frames import accept, connected, messages_from
from limits import allowed
from server import listen


async def serve(address, handle):
    async def talk(request):
        socket = await accept(request)
        async for message in messages_from(socket):
            await socket.send_bytes(handle(message))
        return socket

    await listen(address, web.get("/", talk))
    await asyncio.Event().wait()


async def call(address, requests):
    async with connected(address) as socket:
        async for request in requests:
            allowed(len(request))
            await socket.send_bytes(request)
            yield await socket.receive_bytes()
