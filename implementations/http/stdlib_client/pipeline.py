"""Pipeline over HTTP/1.1: workers GET their next task and POST its result.

A GET is answered as soon as there is a task (long polling).
"""

import asyncio
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from aiohttp import web


async def listen(address, app):
    # a worker that leaves while it waits for a task must not be given one
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    url = urlsplit(address)
    await web.TCPSite(runner, url.hostname, url.port).start()


async def distribute(address, tasks):
    queue = asyncio.Queue(maxsize=1)

    async def next_task(request):
        return web.Response(body=await queue.get())

    app = web.Application()
    app.router.add_get("/task", next_task)
    await listen(address, app)
    async for task in tasks:
        await queue.put(task)
    await asyncio.Event().wait()


async def collect(address):
    queue = asyncio.Queue(maxsize=1)

    async def take_result(request):
        await queue.put(await request.read())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/result", take_result)
    await listen(address, app)
    while True:
        yield await queue.get()


def work(source, sink, handle):
    tasks = HTTPConnection(urlsplit(source).netloc)  # sets TCP_NODELAY itself
    results = HTTPConnection(urlsplit(sink).netloc)
    while True:
        task = exchange(tasks, "GET", "/task")
        exchange(results, "POST", "/result", handle(task))


def exchange(connection, method, path, body=None):
    connection.request(method, path, body=body)
    response = connection.getresponse()
    reply = response.read()
    if response.status >= 400:
        raise HTTPException(f"{response.status} {response.reason}")
    return reply
