"""Fan-out over WebSocket, real time: who falls 1 MiB behind misses messages."""

import asyncio

from aiohttp import web
from frames import accept, connected
from limits import allowed
from server import listen

QUEUE_BYTES = 1024 * 1024


async def publish(address, messages):
    queues = set()

    async def join(request):
        socket, queue = await accept(request), Queue()
        sender = asyncio.create_task(queue.send_to(socket))
        queues.add(queue)
        try:
            async for _ in socket:  # ends when the subscriber leaves
                pass
        finally:
            queues.discard(queue)
            sender.cancel()
        return socket

    await listen(address, web.get("/", join))
    async for message in messages:
        allowed(len(message))
        for queue in queues:
            queue.offer(message)
        await asyncio.sleep(0)  # one turn for the senders
    await asyncio.Event().wait()


class Queue:
    def __init__(self):
        self.messages = asyncio.Queue()
        self.size_bytes = 0

    def offer(self, message):
        if self.size_bytes < QUEUE_BYTES:  # else only this subscriber misses the message
            self.messages.put_nowait(message)
            self.size_bytes += len(message)

    async def send_to(self, socket):
        while True:
            message = await self.messages.get()
            self.size_bytes -= len(message)
            await socket.send_bytes(message)  # waits while the socket's buffer is full


async def subscribe(address):
    async with connected(address) as socket:
        while True:
            yield await socket.receive_bytes()  # raises what ends the connection
