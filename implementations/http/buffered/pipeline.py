"""Pipeline over HTTP/1.1: what has gathered is written in one go, at both ends."""

import asyncio

import requests
from aiohttp import web
from batch import Batch
from octets import frame
from reassembly import whole_messages
from server import listen


async def distribute(address, tasks):
    batch = Batch()

    async def feed(request):
        response = web.StreamResponse()  # octets, by default
        await response.prepare(request)
        while True:
            await response.write(await batch.take())  # waits while its buffer is full

    await listen(address, web.get("/", feed))
    async for task in tasks:
        await batch.add(frame(task))
    await asyncio.Event().wait()


async def collect(address):
    queue = asyncio.Queue(maxsize=1)

    async def take(request):
        buffer = bytearray()
        try:
            async for chunk in request.content.iter_any():
                await queue.put(list(whole_messages(buffer, chunk)))
        except ValueError as nonsense:
            raise web.HTTPBadRequest(text=str(nonsense)) from nonsense
        return web.Response(status=400 if buffer else 204)  # what is left is cut off

    await listen(address, web.post("/", take))
    while True:
        for result in await queue.get():
            yield result


def work(source, sink, handle):
    with requests.get(source.replace("tcp:", "http:"), stream=True) as tasks:
        tasks.raise_for_status()
        # None: a chunk is there as soon as it has come
        results = done(tasks.iter_content(None), handle)
        requests.post(sink.replace("tcp:", "http:"), data=results).raise_for_status()


def done(chunks, handle):
    buffer = bytearray()
    for chunk in chunks:
        yield b"".join(frame(handle(task)) for task in whole_messages(buffer, chunk))
