"""Fan-out over WebSocket, real time: who falls 1000 messages behind misses some."""

import asyncio
from urllib.parse import urlsplit

from aiohttp import ClientSession, web


async def publish(address, messages):
    queues = set()

    async def forward(queue, socket):
        while True:
            await socket.send_bytes(await queue.get())

    async def join(request):
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        queue = asyncio.Queue(maxsize=1000)
        sender = asyncio.create_task(forward(queue, socket))
        queues.add(queue)
        try:
            async for _ in socket:  # ends when the subscriber leaves
                pass
        finally:
            queues.discard(queue)
            sender.cancel()
        return socket

    app = web.Application()
    app.router.add_get("/", join)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    url = urlsplit(address)
    await web.TCPSite(runner, url.hostname, url.port).start()

    async for message in messages:
        for queue in queues:
            if not queue.full():  # else only this subscriber misses the message
                queue.put_nowait(message)
        await asyncio.sleep(0)  # one turn for the senders
    await asyncio.Event().wait()


async def subscribe(address):
    url = address.replace("tcp:", "http:")
    async with ClientSession() as session:
        async with session.ws_connect(url) as socket:
            async for message in socket:
                yield message.data
