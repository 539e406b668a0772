"""Pipeline over HTTPS: workers GET a stream of tasks and POST one of results."""

import asyncio

from aiohttp import web
from octets import frame, messages_of
from secured import connect, listen


async def distribute(address, tasks):
    queue = asyncio.Queue(maxsize=1)

    async def feed(request):
        response = web.StreamResponse()  # octets, by default
        await response.prepare(request)
        while True:
            await response.write(await queue.get())

    await listen(address, web.get("/", feed))
    async for task in tasks:
        await queue.put(frame(task))
    await asyncio.Event().wait()


async def collect(address):
    queue = asyncio.Queue(maxsize=100)

    async def take(request):
        async for result in messages_of(request):
            await queue.put(result)
        return web.Response(status=204)

    await listen(address, web.post("/", take))
    while True:
        yield await queue.get()


async def work(source, sink, handle):
    async with connect(source) as giving, connect(sink) as taking:
        async with giving.get("/") as tasks:
            results = (frame(handle(task)) async for task in messages_of(tasks))
            await taking.post("/", data=results)
