"""A web of peers on BSD sockets, by asyncio's streams: a connection per pair and purpose.

On the wire: length-prefixed frames. Who connects tries again for as long as it lives.
"""

from asyncio import Event, Queue, TaskGroup, create_task, sleep
from functools import partial
from itertools import count

from framing import frame
from lasting import BACKOFF_S, has_room, messages_from, stay_connected, welcome


async def join(peers, what, queue, writers):
    """Stay connected to each peer that has an address of some kind.

    Its messages go into the queue. As long as the connection lasts, it is among writers.
    """

    async def use(name, reader, writer):
        writers[name] = writer
        try:
            await take(queue, reader)
        finally:
            del writers[name]

    async with TaskGroup() as tasks:
        async for peer in peers:
            if address := getattr(peer, what):
                tasks.create_task(stay_connected(address, partial(use, peer.name)))


async def take(queue, reader):
    async for message in messages_from(reader):
        await queue.put(message)


async def serve(calls, handle):
    async def answer(reader, writer):
        async for request in messages_from(reader):
            writer.write(frame(handle(request)))
            await writer.drain()

    await welcome(calls, answer)
    await Event().wait()


async def call(peers, requests):
    replies, servers = Queue(), {}

    async def ask():
        async for name, request in requests:
            if name in servers and has_room(servers[name]):
                servers[name].write(frame(request))

    async with TaskGroup() as tasks:
        tasks.create_task(join(peers, "calls", replies, servers))
        tasks.create_task(ask())
        while True:
            yield await replies.get()


async def publish(news, messages):
    readers = set()

    async def keep(reader, writer):
        readers.add(writer)
        try:
            await reader.read()  # ends when it leaves
        finally:
            readers.discard(writer)

    await welcome(news, keep)
    async for message in messages:
        for reader in filter(has_room, readers):
            reader.write(frame(message))


async def subscribe(peers):
    heard = Queue()
    async with TaskGroup() as tasks:
        tasks.create_task(join(peers, "news", heard, {}))
        while True:
            yield await heard.get()


async def distribute(tasks, jobs):
    waiting = Queue(maxsize=1)

    async def hand_out(worker):
        while True:
            worker.write(frame(await waiting.get()))
            await worker.drain()

    async def feed(reader, worker):
        handing = create_task(hand_out(worker))
        try:
            await reader.read()  # ends when it leaves
        finally:
            handing.cancel()

    await welcome(tasks, feed)
    async for job in jobs:
        await waiting.put(job)


async def work(peers, handle):
    jobs, stores = Queue(maxsize=1), {}
    async with TaskGroup() as tasks:
        tasks.create_task(join(peers, "tasks", jobs, {}))
        tasks.create_task(join(peers, "results", Queue(), stores))
        for turn in count():
            result = handle(await jobs.get())
            while not (ready := [*filter(has_room, stores.values())]):
                await sleep(BACKOFF_S)
            ready[turn % len(ready)].write(frame(result))


async def collect(results):
    taken = Queue()
    await welcome(results, lambda reader, _: take(taken, reader))
    while True:
        yield await taken.get()
