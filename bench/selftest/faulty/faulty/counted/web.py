"""A web of peers by UDP, with known faults.

The first request of each round of eleven gets no answer, every fifth piece of news comes
twice, and every tenth job is forgotten. All messages before the load get through.
"""

from asyncio import DatagramProtocol, Queue, TaskGroup, create_task, get_running_loop, sleep
from itertools import cycle
from urllib.parse import urlsplit

ROUND, DOUBLED, FORGOTTEN = 11, 5, 10
HELLO, HELLO_EACH_S = b"hello", 0.1


class Box(DatagramProtocol):
    """Datagrams come in, each with its sender; ``known`` are all senders, in order."""

    def __init__(self):
        self.mail, self.known = Queue(), {}

    def datagram_received(self, data, sender):
        self.known[sender] = None
        self.mail.put_nowait((data, sender))


def place_of(address):
    url = urlsplit(address)
    return url.hostname, url.port


async def open_box(address=None):
    where = place_of(address) if address else ("0.0.0.0", 0)  # noqa: S104
    return await get_running_loop().create_datagram_endpoint(Box, local_addr=where)


def number_of(message):
    """Return the number of a message that was due, None of an early one."""
    return int.from_bytes(message[8:16]) if message[19] else None


async def serve(calls, handle):
    post, box = await open_box(calls)
    while True:
        request, caller = await box.mail.get()
        number = number_of(request)
        if number is None or number % ROUND:
            post.sendto(handle(request), caller)


async def call(peers, requests):
    post, box = await open_box()
    servers = {}

    async def meet():
        async for peer in peers:
            servers[peer.name] = place_of(peer.calls)

    async def ask():
        async for name, request in requests:
            post.sendto(request, servers[name])

    async with TaskGroup() as tasks:
        tasks.create_task(meet())
        tasks.create_task(ask())
        while True:
            reply, _ = await box.mail.get()
            yield reply


async def greet(post, peers, what):
    """Say hello to each peer with such an address, again and again."""
    async with TaskGroup() as tasks:
        async for peer in peers:
            if address := getattr(peer, what):
                tasks.create_task(greet_one(post, place_of(address)))


async def greet_one(post, place):
    while True:
        post.sendto(HELLO, place)
        await sleep(HELLO_EACH_S)


async def publish(news, messages):
    post, box = await open_box(news)
    async for message in messages:
        for reader in box.known:
            for _ in range(1 if number_of(message) % DOUBLED else 2):
                post.sendto(message, reader)


async def subscribe(peers):
    post, box = await open_box()
    greeting = create_task(greet(post, peers, "news"))
    try:
        while True:
            message, _ = await box.mail.get()
            yield message
    finally:
        greeting.cancel()


async def distribute(tasks, jobs):
    post, box = await open_box(tasks)
    turn = 0
    async for job in jobs:
        workers = list(box.known)
        if number_of(job) % FORGOTTEN and workers:
            post.sendto(job, workers[turn % len(workers)])
            turn += 1


async def work(peers, handle):
    post, box = await open_box()
    stores = []

    async def meet():
        async for peer in peers:
            if peer.results:
                stores.append(place_of(peer.results))

    async with TaskGroup() as tasks:
        tasks.create_task(greet(post, peers, "tasks"))
        tasks.create_task(meet())
        for turn in cycle(range(FORGOTTEN)):
            job, _ = await box.mail.get()
            post.sendto(handle(job), stores[turn % len(stores)])


async def collect(results):
    _, box = await open_box(results)
    while True:
        result, _ = await box.mail.get()
        yield result
