"""Pipeline over HTTP/1.1: workers GET a stream of tasks and POST one of results."""

import asyncio
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

from aiohttp import web
from answers import answer
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
    giving, taking = (HTTPConnection(urlsplit(end).netloc) for end in (source, sink))
    octets = {"Content-Type": "application/octet-stream", "Transfer-Encoding": "chunked"}
    with closing(giving), closing(taking):  # else they may outlive a failure
        giving.request("GET", "/")
        chunks = iter(answer(giving).read1, b"")  # each as soon as it has come
        results = (frame(handle(task)) for task in messages_in(chunks))
        taking.request("POST", "/", results, octets, encode_chunked=True)
        answer(taking)
