"""Fan-out over HTTP/1.1: what has gathered is written in one go.

Octets as in the pipeline: events would be text, and base64 takes a third of the CPU time.
"""

import asyncio

import requests
from aiohttp import web
from batch import Batch
from octets import frame
from reassembly import whole_messages
from server import listen


async def publish(address, messages):
    subscribers, batch = set(), Batch()

    async def join(request):
        response = web.StreamResponse()  # octets, by default
        await response.prepare(request)
        subscribers.add(response)
        await asyncio.Event().wait()  # the response ends when its reader leaves

    async def send_batches():
        while True:
            octets = await batch.take()
            for subscriber in tuple(subscribers):
                try:
                    await subscriber.write(octets)  # waits while its buffer is full
                except ConnectionError:
                    subscribers.discard(subscriber)
            await asyncio.sleep(0)  # write() alone may never let the loop accept anyone

    await listen(address, web.get("/", join))
    sender = asyncio.create_task(send_batches())
    async for message in messages:
        await batch.add(frame(message))
    await sender


def subscribe(address):
    stream = requests.get(address.replace("tcp:", "http:"), stream=True)
    stream.raise_for_status()
    buffer = bytearray()
    for chunk in stream.iter_content(None):  # None: each as soon as it has come
        yield from whole_messages(buffer, chunk)
