"""Peers that find each other by gossip over HTTP/1.1: each POSTs all that it knows.

It is answered with all that the other one knows. First it asks a peer whose address all are
given, and then somebody at random.
"""

from asyncio import Queue, TaskGroup, sleep
from contextlib import suppress
from random import choice

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from server import listen

HEARTBEAT_S = 0.5
DEADLINE_S = 2.0


async def discover(inbox, about, seed):
    known, heard = {inbox: about.decode()}, Queue()

    def learn(told):
        for other in told.keys() - known.keys():
            known[other] = told[other]
            heard.put_nowait(told[other].encode())

    async def answer(request):
        learn(await request.json())
        return web.json_response(known)

    await listen(inbox, web.post("/", answer))
    async with TaskGroup() as tasks:
        tasks.create_task(ask_around(inbox, seed, known, learn))
        while True:
            yield await heard.get()


async def ask_around(inbox, seed, known, learn):
    other = seed
    deadline = ClientTimeout(DEADLINE_S)
    async with ClientSession(raise_for_status=True, timeout=deadline) as session:
        while True:
            if other != inbox:
                with suppress(ClientError, TimeoutError):  # it is gone, or silent
                    url = other.replace("tcp:", "http:")
                    async with session.post(url, json=known) as response:
                        learn(await response.json())
            await sleep(HEARTBEAT_S)
            other = choice([*known.keys() - {inbox}] or [seed])
