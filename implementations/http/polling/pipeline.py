"""Pipeline over HTTP/1.1: workers GET their next task and POST its result.

A GET is answered as soon as there is a task (long polling).
"""

import asyncio
from urllib.parse import urlsplit

import requests as http
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
    session = http.Session()  # keeps both connections open
    session.trust_env = False  # no look-up of proxies and .netrc for each request
    task_url = source.replace("tcp:", "http:") + "/task"
    result_url = sink.replace("tcp:", "http:") + "/result"
    while True:
        task = session.get(task_url)
        task.raise_for_status()
        result = session.post(result_url, data=handle(task.content))
        result.raise_for_status()
