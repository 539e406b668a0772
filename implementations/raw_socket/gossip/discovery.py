"""Peers that find each other by gossip on BSD sockets: each asks another for all it knows.

First it asks a peer whose address all are given, and then any that it knows. On the wire:
JSON in a length-prefixed frame, and the same in return.
"""

import json
from asyncio import Queue, TaskGroup, sleep, timeout
from contextlib import closing, suppress
from random import choice

from async_connections import connect
from framing import frame
from lasting import messages_from, welcome

HEARTBEAT_S = 0.5
DEADLINE_S = 2.0


async def discover(inbox, about, seed):
    known, heard = {inbox: about.decode()}, Queue()

    def learn(message):
        told = json.loads(message)
        for other in told.keys() - known.keys():
            known[other] = told[other]
            heard.put_nowait(told[other].encode())

    def all_known():
        return frame(json.dumps(known).encode())

    async def answer(reader, writer):
        async for message in messages_from(reader):
            learn(message)
            writer.write(all_known())
            await writer.drain()

    async def ask(other):
        with suppress(OSError, StopAsyncIteration):  # it is gone, or silent
            async with timeout(DEADLINE_S):
                reader, writer = await connect(other)
                with closing(writer):
                    writer.write(all_known())
                    learn(await anext(messages_from(reader)))

    await welcome(inbox, answer)
    async with TaskGroup() as tasks:
        tasks.create_task(ask_around(ask, inbox, seed, known))
        while True:
            yield await heard.get()


async def ask_around(ask, inbox, seed, known):
    other = seed
    while True:
        if other != inbox:
            await ask(other)
        await sleep(HEARTBEAT_S)
        other = choice([*known.keys() - {inbox}] or [seed])
