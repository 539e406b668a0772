"""A web of peers over ZMTP: one socket for each purpose, however many peers there are.

Peers become known one by one. Every peer has a name, by which it is asked.
"""

from asyncio import TaskGroup

import zmq
from zmq.asyncio import Context


def socket(kind):
    return Context.instance().socket(kind)


async def join(one, peers, what):
    """Connect a socket to each peer that has an address of some kind."""
    async for peer in peers:
        if address := getattr(peer, what):
            if one.type == zmq.ROUTER:
                one.connect_routing_id = peer.name.encode()
            one.connect(address)


async def serve(calls, handle):
    callers = socket(zmq.ROUTER)  # REP would refuse callers that are ROUTERs
    callers.bind(calls)
    while True:
        caller, request = await callers.recv_multipart()
        await callers.send_multipart([caller, handle(request)])


async def call(peers, requests):
    servers = socket(zmq.ROUTER)

    async def ask():
        async for name, request in requests:
            await servers.send_multipart([name.encode(), request])

    async with TaskGroup() as tasks:
        tasks.create_task(join(servers, peers, "calls"))
        tasks.create_task(ask())
        while True:
            _, reply = await servers.recv_multipart()
            yield reply


async def publish(news, messages):
    readers = socket(zmq.PUB)
    readers.bind(news)
    async for message in messages:
        await readers.send(message)


async def subscribe(peers):
    publishers = socket(zmq.SUB)
    publishers.subscribe(b"")
    async with TaskGroup() as tasks:
        tasks.create_task(join(publishers, peers, "news"))
        while True:
            yield await publishers.recv()


async def distribute(tasks, jobs):
    workers = socket(zmq.PUSH)
    workers.bind(tasks)
    async for job in jobs:
        await workers.send(job)


async def work(peers, handle):
    sources, stores = socket(zmq.PULL), socket(zmq.PUSH)
    stores.immediate = 1  # else results wait for stores that are gone
    async with TaskGroup() as tasks:
        tasks.create_task(join(sources, peers, "tasks"))
        tasks.create_task(join(stores, peers, "results"))
        while True:
            await stores.send(handle(await sources.recv()))


async def collect(results):
    workers = socket(zmq.PULL)
    workers.bind(results)
    while True:
        yield await workers.recv()
