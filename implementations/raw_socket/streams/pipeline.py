"""Pipeline on BSD sockets, by asyncio's streams: one task per connection.

On the wire: length-prefixed frames; workers connect to both ends.
"""

from asyncio import Event, Queue

from async_connections import connect, listen
from framing import frame, messages_from


async def distribute(address, tasks):
    queue = Queue(maxsize=1)

    async def feed(_, worker):
        while True:
            data = await queue.get()
            if worker.is_closing():  # it has left: the task goes to another
                return await queue.put(data)
            worker.write(data)
            await worker.drain()  # waits while its buffer is full

    await listen(address, feed)
    async for task in tasks:
        await queue.put(frame(task))
    await Event().wait()  # to leave would end the workers


async def work(source, sink, handle):
    tasks, _to_source = await connect(source)  # a writer that nobody holds is closed
    _from_sink, results = await connect(sink)
    async for task in messages_from(tasks):
        results.write(frame(handle(task)))
        await results.drain()


async def collect(address):
    queue = Queue(maxsize=1000)  # more results wait at the workers

    async def take(results, worker):
        try:
            async for result in messages_from(results):
                await queue.put(result)
        finally:
            worker.close()

    await listen(address, take)
    while True:
        yield await queue.get()
