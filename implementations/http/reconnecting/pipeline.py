"""Pipeline over HTTP/1.1 that survives its ends: a worker whose stream ends asks anew."""

import asyncio
from contextlib import closing, suppress
from time import sleep

import requests
from aiohttp import web
from octets import frame, messages_in, messages_of
from requests import RequestException
from server import listen

BACKOFF_S = 0.1


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
    while True:
        with suppress(RequestException), closing(results_of(source, handle)) as results:
            requests.post(sink.replace("tcp:", "http:"), data=results).raise_for_status()
        sleep(BACKOFF_S)


def results_of(source, handle):  # it begins once the sink is there: no task is lost before
    with requests.get(source.replace("tcp:", "http:"), stream=True) as tasks:
        tasks.raise_for_status()
        # None: a chunk is there as soon as it has come
        for task in messages_in(tasks.iter_content(None)):
            yield frame(handle(task))
