"""Fan-out over HTTP/1.1: Server-Sent Events, one endless response per subscriber.

Events are text, so a message travels as base64 in one `data:` line.
"""

import asyncio
from base64 import b64decode, b64encode
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout, web


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


async def subscribe(address):
    url = address.replace("tcp:", "http:")
    # no limits that a stream without end would reach: of time, of a line's length
    options = {"timeout": ClientTimeout(total=None), "read_bufsize": 1024 * 1024}
    async with ClientSession(raise_for_status=True, **options) as session:
        async with session.get(url) as response:
            async for line in response.content:
                if line.startswith(b"data: "):
                    yield b64decode(line[6:])
