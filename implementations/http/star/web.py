"""A star over HTTP/1.1: peers know a hub alone, a gateway that knows where each serves.

The hub forwards calls as a reverse proxy does. It takes news, jobs and results by POST, and
hands them on in responses without an end.
"""

from asyncio import Event, Queue, TaskGroup
from collections import Counter
from contextlib import suppress
from itertools import repeat
from urllib.parse import urlsplit

from aiohttp import ClientError, web
from endless import WAITING_MAX, open_session, post, read, readers_of, takers_of
from limits import MAX_LENGTH
from server import listen

QUEUE_MAX = 1000
BACKLOG = 1024  # many peers call at once, and more so when the hub was frozen


async def route(hub, peers):
    servers = {}
    news, jobs, results = (Queue(QUEUE_MAX) for _ in range(3))
    join, publish_all = readers_of(taken_from(news))

    async def meet():
        async for peer in peers:
            servers[peer.name] = url_of(peer.calls)

    async def forward(request):
        try:
            async with session.post(
                servers[request.match_info["name"]], data=await request.read()
            ) as response:
                return web.Response(body=await response.read())
        except (KeyError, ClientError) as error:
            raise web.HTTPBadGateway from error

    app = web.Application(client_max_size=MAX_LENGTH)
    app.add_routes(
        [
            web.post("/calls/{name}", forward),
            web.post("/news", into(news)),
            web.get("/news", join),
            web.post("/jobs", into(jobs)),
            web.get("/jobs", takers_of(jobs)),
            web.post("/results", into(results)),
            web.get("/results", takers_of(results)),
        ]
    )
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    url = urlsplit(hub)
    async with open_session() as session, TaskGroup() as tasks:
        await web.TCPSite(runner, url.hostname, url.port, backlog=BACKLOG).start()
        tasks.create_task(meet())
        tasks.create_task(publish_all())


def url_of(address):
    return address.replace("tcp:", "http:")


def into(queue):
    async def take(request):
        await queue.put(await request.read())
        return web.Response(status=204)

    return take


async def taken_from(queue):
    while True:
        yield await queue.get()


async def serve(calls, handle):
    async def answer(request):
        return web.Response(body=handle(await request.read()))

    await listen(calls, web.post("/", answer), client_max_size=MAX_LENGTH)
    await Event().wait()


async def call(hub, requests):
    replies, waiting = Queue(), Counter()

    async def ask(session, name, request):
        with suppress(ClientError):
            async with session.post(f"{url_of(hub)}/calls/{name}", data=request) as reply:
                await replies.put(await reply.read())
        waiting[name] -= 1

    async def ask_each(session, tasks):
        async for name, request in requests:
            if waiting[name] < WAITING_MAX:
                waiting[name] += 1
                tasks.create_task(ask(session, name, request))

    async with open_session() as session, TaskGroup() as tasks:
        tasks.create_task(ask_each(session, tasks))
        while True:
            yield await replies.get()


async def post_all(hub, path, messages):
    async with open_session() as session:
        async for message in messages:
            await post(session, repeat(f"{url_of(hub)}{path}"), message)


async def receive(hub, path):
    taken = Queue(maxsize=1)
    async with open_session() as session, TaskGroup() as tasks:
        tasks.create_task(read(session, f"{url_of(hub)}{path}", taken))
        while True:
            yield await taken.get()


async def publish(hub, messages):
    await post_all(hub, "/news", messages)


async def subscribe(hub):
    async for message in receive(hub, "/news"):
        yield message


async def distribute(hub, jobs):
    await post_all(hub, "/jobs", jobs)


async def work(hub, handle):
    results = (handle(job) async for job in receive(hub, "/jobs"))
    await post_all(hub, "/results", results)


async def collect(hub):
    async for result in receive(hub, "/results"):
        yield result
