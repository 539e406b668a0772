"""Pipeline over HTTP/1.1 that survives its ends: a worker whose stream ends asks anew.

On the wire: a line of base64 for each message.
"""

import asyncio
from base64 import b64decode, b64encode
from contextlib import suppress
from time import sleep
from urllib.parse import urlsplit

import requests as http
from aiohttp import web

BACKOFF_S = 0.1


async def listen(address, route):
    app = web.Application(client_max_size=0)  # no limit to a stream of results
    app.add_routes([route])
    # a worker that has left must not be given another task; a line may be long
    how = {"access_log": None, "handler_cancellation": True, "read_bufsize": 2**20}
    runner = web.AppRunner(app, **how)
    await runner.setup()
    url = urlsplit(address)
    await web.TCPSite(runner, url.hostname, url.port).start()


async def distribute(address, tasks):
    queue = asyncio.Queue(maxsize=1)

    async def feed(request):
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b64encode(await queue.get()) + b"\n")

    await listen(address, web.get("/", feed))
    async for task in tasks:
        await queue.put(task)
    await asyncio.Event().wait()


async def collect(address):
    queue = asyncio.Queue(maxsize=1000)

    async def take(request):
        async for line in request.content:
            await queue.put(b64decode(line))
        return web.Response(status=204)

    await listen(address, web.post("/", take))
    while True:
        yield await queue.get()


def work(source, sink, handle):
    session = http.Session()
    session.trust_env = False  # no look-up of proxies and .netrc
    while True:
        with suppress(http.RequestException):
            tasks = session.get(source.replace("tcp:", "http:"), stream=True)
            tasks.raise_for_status()
            lines = tasks.iter_lines(chunk_size=None)  # a task is there when it has come
            results = (b64encode(handle(b64decode(line))) + b"\n" for line in lines)
            session.post(sink.replace("tcp:", "http:"), data=results).raise_for_status()
        sleep(BACKOFF_S)
