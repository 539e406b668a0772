"""Fan-out over HTTP/1.1 with nginx in the middle: Server-Sent Events, passed on at once.

Events are text, so a message travels as base64 in one `data:` line.
"""

import asyncio
from base64 import b64decode, b64encode
from urllib.parse import urlsplit

import nginx
import requests as http
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


def proxy(front, back):
    nginx.run(front, back)


def subscribe(address):
    url = address.replace("tcp:", "http:")
    session = http.Session()
    session.trust_env = False  # no proxy from the environment
    response = session.get(url, stream=True)
    response.raise_for_status()
    for line in response.iter_lines(chunk_size=None):  # None: as soon as it arrives
        if line.startswith(b"data: "):
            yield b64decode(line[6:])
