"""Pipeline over HTTP/1.1: each worker GETs a stream of tasks and POSTs one of results.

On the wire: a line of base64 for each message.
"""

import asyncio
from base64 import b64decode, b64encode
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from aiohttp import web


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
    tasks = exchange(source, "GET")
    results = (b64encode(handle(b64decode(line))) + b"\n" for line in tasks)
    exchange(sink, "POST", body=results, encode_chunked=True)


def exchange(address, method, **body):
    connection = HTTPConnection(urlsplit(address).netloc)  # sets TCP_NODELAY itself
    headers = {"Transfer-Encoding": "chunked"} if body else {}
    connection.request(method, "/", headers=headers, **body)
    response = connection.getresponse()
    if response.status >= 400:
        raise HTTPException(f"{response.status} {response.reason}")
    return response
