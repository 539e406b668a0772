"""Fan-out over HTTP/1.1 that survives its publisher: who is cut off asks anew.

Events are text, so a message travels as base64 in one `data:` line.
"""

import asyncio
from base64 import b64decode, b64encode
from contextlib import suppress
from time import sleep
from urllib.parse import urlsplit

import requests as http
from aiohttp import web

BACKOFF_S = 0.1


async def publish(address, messages):
    subscribers = set()

    async def join(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        subscribers.add(response)
        try:
            await asyncio.Event().wait()  # the response ends when its reader leaves
        finally:
            subscribers.discard(response)

    app = web.Application()
    app.router.add_get("/", join)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    url = urlsplit(address)
    await web.TCPSite(runner, url.hostname, url.port).start()

    async for message in messages:
        event = b"data: " + b64encode(message) + b"\n\n"
        for subscriber in tuple(subscribers):
            try:
                await subscriber.write(event)  # waits while its buffer is full
            except ConnectionError:
                subscribers.discard(subscriber)
        await asyncio.sleep(0)  # write() alone may never let the loop accept anyone
    await asyncio.Event().wait()


def subscribe(address):
    url = address.replace("tcp:", "http:")
    session = http.Session()
    session.trust_env = False  # no proxy from the environment
    while True:
        with suppress(http.RequestException):
            response = session.get(url, stream=True)
            response.raise_for_status()
            for line in response.iter_lines(chunk_size=None):  # None: as soon as it arrives
                if line.startswith(b"data: "):
                    yield b64decode(line[6:])
        sleep(BACKOFF_S)
