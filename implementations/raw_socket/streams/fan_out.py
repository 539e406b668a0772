"""Fan-out on BSD sockets, by asyncio's streams: each message is written to everyone.

On the wire: length-prefixed frames. Lossless: a slow subscriber holds up the others.
"""

from asyncio import Event, sleep

from async_connections import connect, listen
from framing import frame, messages_from


async def publish(address, messages):
    subscribers = set()
    await listen(address, lambda _, subscriber: subscribers.add(subscriber))
    async for message in messages:
        data = frame(message)
        for subscriber in tuple(subscribers):
            try:
                subscriber.write(data)
                await subscriber.drain()  # waits while its buffer is full
            except ConnectionError:  # it has left
                subscribers.discard(subscriber)
        await sleep(0)  # drain() alone may never let the loop accept anyone
    await Event().wait()  # to leave would drop what the buffers hold


async def subscribe(address):
    reader, _ = await connect(address)
    async for message in messages_from(reader):
        yield message
