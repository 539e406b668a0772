"""Pipeline over HTTP/1.1: workers GET their next task and POST its result.

A GET is answered as soon as there is a task (long polling).
"""

import asyncio

from aiohttp import web
from limits import MAX_LENGTH, allowed
from requests import Session
from server import listen


async def distribute(address, tasks):
    queue = asyncio.Queue(maxsize=1)

    async def next_task(request):
        return web.Response(body=await queue.get())

    await listen(address, web.get("/task", next_task))
    async for task in tasks:
        allowed(len(task))
        await queue.put(task)
    await asyncio.Event().wait()


async def collect(address):
    queue = asyncio.Queue(maxsize=1)

    async def take_result(request):
        await queue.put(await request.read())
        return web.Response(status=204)

    await listen(address, web.post("/result", take_result), client_max_size=MAX_LENGTH)
    while True:
        yield await queue.get()


def work(source, sink, handle):
    session = Session()  # keeps both connections open
    session.trust_env = False  # no look-up of proxies and .netrc for each request
    task_url = source.replace("tcp:", "http:") + "/task"
    result_url = sink.replace("tcp:", "http:") + "/result"
    while True:
        task = session.get(task_url)
        task.raise_for_status()
        result = handle(task.content)
        allowed(len(result))
        session.post(result_url, data=result).raise_for_status()
