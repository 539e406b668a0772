"""Fan-out over WebSocket: a connection per subscriber, a binary frame per message."""

import asyncio
from urllib.parse import urlsplit

from aiohttp import ClientSession, web


async def publish(address, messages):
    subscribers = set()

    async def join(request):
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        subscribers.add(socket)
        async for _ in socket:  # ends when the subscriber leaves
            pass
        subscribers.discard(socket)
        return socket

    app = web.Application()
    app.router.add_get("/", join)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    url = urlsplit(address)
    await web.TCPSite(runner, url.hostname, url.port).start()

    async for message in messages:
        for subscriber in tuple(subscribers):
            try:
                await subscriber.send_bytes(message)  # waits while its buffer is full
            except ConnectionError:
                subscribers.discard(subscriber)
        await asyncio.sleep(0)  # send_bytes() alone may never let the loop run
    await asyncio.Event().wait()


async def subscribe(address):
    url = address.replace("tcp:", "http:")
    async with ClientSession() as session:
        async with session.ws_connect(url, max_msg_size=16 * 1024 * 1024) as socket:
            async for message in socket:
                yield message.data
