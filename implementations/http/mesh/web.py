"""A web of peers over HTTP/1.1: each is a server of all others, and their client.

Streams and jobs are read from responses without an end. Calls and results are POSTs.
"""

from asyncio import Event, Queue, TaskGroup, sleep
from collections import Counter
from contextlib import suppress
from itertools import count

from aiohttp import ClientError, web
from endless import (
    BACKOFF_S,
    WAITING_MAX,
    open_session,
    post,
    read,
    readers_of,
    takers_of,
)
from limits import MAX_LENGTH
from server import listen


def url_of(address):
    return address.replace("tcp:", "http:")


async def meet(peers, what, known):
    async for peer in peers:
        if address := getattr(peer, what):
            known[peer.name] = url_of(address)


async def read_all(peers, what, session, queue):
    async with TaskGroup() as tasks:
        async for peer in peers:
            if address := getattr(peer, what):
                tasks.create_task(read(session, url_of(address), queue))


async def serve(calls, handle):
    async def answer(request):
        return web.Response(body=handle(await request.read()))

    await listen(calls, web.post("/", answer), client_max_size=MAX_LENGTH)
    await Event().wait()


async def call(peers, requests):
    replies, servers, waiting = Queue(), {}, Counter()

    async def ask(session, name, request):
        with suppress(ClientError):
            async with session.post(servers[name], data=request) as response:
                await replies.put(await response.read())
        waiting[name] -= 1

    async def ask_each(session, tasks):
        async for name, request in requests:
            if name in servers and waiting[name] < WAITING_MAX:
                waiting[name] += 1
                tasks.create_task(ask(session, name, request))

    async with open_session() as session, TaskGroup() as tasks:
        tasks.create_task(meet(peers, "calls", servers))
        tasks.create_task(ask_each(session, tasks))
        while True:
            yield await replies.get()


async def publish(news, messages):
    join, publish_all = readers_of(messages)
    await listen(news, web.get("/", join))
    await publish_all()


async def subscribe(peers):
    heard = Queue()
    async with open_session() as session, TaskGroup() as tasks:
        tasks.create_task(read_all(peers, "news", session, heard))
        while True:
            yield await heard.get()


async def distribute(tasks, jobs):
    waiting = Queue(maxsize=1)
    await listen(tasks, web.get("/", takers_of(waiting)))
    async for job in jobs:
        await waiting.put(job)


def in_turn(known):
    for turn in count():
        yield list(known.values())[turn % len(known)]


async def work(peers, handle):
    jobs, stores = Queue(maxsize=1), {}
    urls = in_turn(stores)
    async with open_session() as session, TaskGroup() as tasks:
        tasks.create_task(read_all(peers, "tasks", session, jobs))
        tasks.create_task(meet(peers, "results", stores))
        while True:
            result = handle(await jobs.get())
            while not stores:
                await sleep(BACKOFF_S)
            tasks.create_task(post(session, urls, result))


async def collect(results):
    taken = Queue()

    async def take(request):
        await taken.put(await request.read())
        return web.Response(status=204)

    await listen(results, web.post("/", take), client_max_size=MAX_LENGTH)
    while True:
        yield await taken.get()
