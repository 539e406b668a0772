"""Pipeline over HTTP/1.1: workers GET a stream of tasks and POST one of results."""

import asyncio

import requests
from aiohttp import web
from octets import frame, messages_in, messages_of
from server import listen


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


def work(source, sink, handle):
    with requests.get(source.replace("tcp:", "http:"), stream=True) as tasks:
        tasks.raise_for_status()
        # None: a chunk is there as soon as it has come
        results = (frame(handle(task)) for task in messages_in(tasks.iter_content(None)))
        requests.post(sink.replace("tcp:", "http:"), data=results).raise_for_status()
