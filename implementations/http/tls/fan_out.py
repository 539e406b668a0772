"""Fan-out over HTTPS: Server-Sent Events, one endless response per subscriber."""

import asyncio
from base64 import b64decode, b64encode

from aiohttp import web
from limits import MAX_LENGTH, allowed
from secured import connect, listen


async def publish(address, messages):
    subscribers = set()

    async def join(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        subscribers.add(response)
        await asyncio.Event().wait()  # the response ends when its reader leaves

    await listen(address, web.get("/", join))
    async for message in messages:
        allowed(len(message))
        event = b"data: " + b64encode(message) + b"\n\n"
        for subscriber in tuple(subscribers):
            try:
                await subscriber.write(event)  # waits while its buffer is full
            except ConnectionError:
                subscribers.discard(subscriber)
        await asyncio.sleep(0)  # write() alone may never let the loop accept anyone
    await asyncio.Event().wait()


async def subscribe(address):
    async with connect(address) as session, session.get("/") as events:
        while line := await events.content.readline(max_line_length=2 * MAX_LENGTH):
            if line.startswith(b"data: "):
                yield b64decode(line[6:].rstrip(), validate=True)
