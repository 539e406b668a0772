"""A web of peers over WebSockets: a connection per pair and purpose, made again if it ends.

What is sent goes through an outbox. Calls and news are dropped while it is full.
"""

from asyncio import Event, Queue, QueueFull, TaskGroup, create_task, sleep
from contextlib import suppress
from functools import partial
from itertools import count

from aiohttp import ClientError, web
from frames import accept, connected, messages_from
from server import listen

BACKOFF_S = 0.1
OUTBOX_MAX = 10


async def talk(socket, inbox, outbox):
    """Fill the inbox, and send what is in the outbox, until the other end leaves."""
    sender = create_task(send_all(socket, outbox))
    try:
        async for message in messages_from(socket):
            await inbox.put(message)
    finally:
        sender.cancel()


async def send_all(socket, outbox):
    with suppress(ConnectionError):  # it has left
        while True:
            await socket.send_bytes(await outbox.get())  # waits while it reads too slowly


async def welcome(address, use):
    async def meet(request):
        socket = await accept(request)
        with suppress(ConnectionError):  # it has left
            await use(socket)
        return socket

    await listen(address, web.get("/", meet))


async def stay_connected(address, name, inbox, outboxes):
    while True:
        with suppress(ClientError, ConnectionError):
            async with connected(address) as socket:
                outboxes[name] = Queue(OUTBOX_MAX)
                try:
                    await talk(socket, inbox, outboxes[name])
                finally:
                    del outboxes[name]
        await sleep(BACKOFF_S)


async def join(peers, what, inbox, outboxes):
    """Stay connected to each peer that has an address of some kind."""
    async with TaskGroup() as tasks:
        async for peer in peers:
            if address := getattr(peer, what):
                tasks.create_task(stay_connected(address, peer.name, inbox, outboxes))


def offer(outbox, message):
    with suppress(QueueFull):
        outbox.put_nowait(message)


async def serve(calls, handle):
    async def answer(socket):
        async for request in messages_from(socket):
            await socket.send_bytes(handle(request))

    await welcome(calls, answer)
    await Event().wait()


async def call(peers, requests):
    replies, servers = Queue(), {}

    async def ask():
        async for name, request in requests:
            if name in servers:
                offer(servers[name], request)

    async with TaskGroup() as tasks:
        tasks.create_task(join(peers, "calls", replies, servers))
        tasks.create_task(ask())
        while True:
            yield await replies.get()


async def publish(news, messages):
    readers = set()

    async def keep(socket):
        outbox = Queue(OUTBOX_MAX)
        readers.add(outbox)
        try:
            await talk(socket, Queue(), outbox)
        finally:
            readers.discard(outbox)

    await welcome(news, keep)
    async for message in messages:
        for reader in readers:
            offer(reader, message)
        await sleep(0)  # else messages that are late would fill the outboxes


async def subscribe(peers):
    heard = Queue()
    async with TaskGroup() as tasks:
        tasks.create_task(join(peers, "news", heard, {}))
        while True:
            yield await heard.get()


async def distribute(tasks, jobs):
    waiting = Queue(maxsize=1)
    await welcome(tasks, partial(talk, inbox=Queue(), outbox=waiting))
    async for job in jobs:
        await waiting.put(job)


async def work(peers, handle):
    jobs, stores = Queue(maxsize=1), {}
    async with TaskGroup() as tasks:
        tasks.create_task(join(peers, "tasks", jobs, {}))
        tasks.create_task(join(peers, "results", Queue(), stores))
        for turn in count():
            result = handle(await jobs.get())
            while not (ready := [each for each in stores.values() if not each.full()]):
                await sleep(BACKOFF_S)
            ready[turn % len(ready)].put_nowait(result)


async def collect(results):
    taken = Queue()
    await welcome(results, partial(talk, inbox=taken, outbox=Queue()))
    while True:
        yield await taken.get()
