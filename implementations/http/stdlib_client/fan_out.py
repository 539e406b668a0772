"""Fan-out over HTTP/1.1: Server-Sent Events, one endless response per subscriber.

Events are text, so a message travels as base64 in one `data:` line.
"""

import asyncio
from base64 import b64decode, b64encode
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from aiohttp import web


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
    connection = HTTPConnection(urlsplit(address).netloc)
    connection.request("GET", "/")
    response = connection.getresponse()
    if response.status != 200:
        raise HTTPException(f"{response.status} {response.reason}")
    for line in response:
        if line.startswith(b"data: "):
            yield b64decode(line[6:])
