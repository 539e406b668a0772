"""Peers that find each other by gossip over ZMTP: each asks another for all that it knows.

First it asks a peer whose address all are given, and then any that it knows.
"""

from asyncio import Queue, TaskGroup, sleep
from contextlib import suppress
from random import choice

import zmq
from zmq.asyncio import Context

HEARTBEAT_S = 0.5
DEADLINE_MS = 2000


async def discover(inbox, about, seed):
    known, heard = {inbox: about.decode()}, Queue()

    def learn(told):
        for other in told.keys() - known.keys():
            known[other] = told[other]
            heard.put_nowait(told[other].encode())

    async with TaskGroup() as tasks:
        tasks.create_task(answer(inbox, known, learn))
        tasks.create_task(ask_around(inbox, seed, known, learn))
        while True:
            yield await heard.get()


async def answer(inbox, known, learn):
    socket = Context.instance().socket(zmq.REP)
    socket.bind(inbox)
    while True:
        learn(await socket.recv_json())
        await socket.send_json(known)


async def ask_around(inbox, seed, known, learn):
    other = seed
    while True:
        if other != inbox:
            with Context.instance().socket(zmq.REQ) as socket, suppress(zmq.Again):
                socket.linger, socket.rcvtimeo = 0, DEADLINE_MS  # it may be gone, or silent
                socket.connect(other)
                await socket.send_json(known)
                learn(await socket.recv_json())
        await sleep(HEARTBEAT_S)
        other = choice([*known.keys() - {inbox}] or [seed])
