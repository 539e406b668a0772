"""Request/reply on BSD sockets, by asyncio's streams: one task per client.

On the wire: length-prefixed frames, each request answered by one reply.
"""

from asyncio import Event

from async_connections import connect, listen
from framing import frame, messages_from


async def serve(address, handle):
    async def serve_client(requests, client):
        try:
            async for request in messages_from(requests):
                client.write(frame(handle(request)))
                await client.drain()  # waits while its buffer is full
        finally:
            client.close()

    await listen(address, serve_client)
    await Event().wait()


async def call(address, requests):
    reader, server = await connect(address)
    replies = messages_from(reader)
    async for request in requests:
        server.write(frame(request))
        try:
            yield await anext(replies)
        except StopAsyncIteration:
            raise ConnectionError("the server closed the connection") from None
