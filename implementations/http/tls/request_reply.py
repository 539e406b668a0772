"""Request/reply over HTTPS: one POST per request, aiohttp at both ends."""

import asyncio

from aiohttp import web
from limits import MAX_LENGTH, allowed
from secured import connect, listen


async def serve(address, handle):
    async def reply(request):
        return web.Response(body=handle(await request.read()))

    await listen(address, web.post("/", reply), client_max_size=MAX_LENGTH)
    await asyncio.Event().wait()


async def call(address, requests):
    async with connect(address) as session:
        async for request in requests:
            allowed(len(request))
            async with session.post("/", data=request) as response:
                reply = await response.read()
            yield reply
