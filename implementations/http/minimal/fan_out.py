"""Fan-out over HTTP/1.1: Server-Sent Events, one endless response per subscriber."""

import asyncio
from base64 import b64decode, b64encode

import requests
from aiohttp import web
from limits import allowed
from server import listen


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


def subscribe(address):
    events = requests.get(address.replace("tcp:", "http:"), stream=True)
    events.raise_for_status()
    for line in events.raw:  # each as soon as it has come
        if line.startswith(b"data: "):
            yield b64decode(line[6:].rstrip(), validate=True)
