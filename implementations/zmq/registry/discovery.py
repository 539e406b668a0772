"""Peers that find each other over ZMTP: each tells a registry, and hears of all."""

from asyncio import sleep

import zmq
from zmq.asyncio import Context

HEARTBEAT_S = 0.5


async def register(registry):
    peers = Context.instance().socket(zmq.REP)
    peers.bind(registry)
    known = {}
    while True:
        known[await peers.recv()] = None
        await peers.send_multipart(list(known))


async def discover(registry, about):
    socket = Context.instance().socket(zmq.REQ)
    socket.connect(registry)
    known = {about}
    while True:
        await socket.send(about)
        for other in await socket.recv_multipart():
            if other not in known:
                known.add(other)
                yield other
        await sleep(HEARTBEAT_S)
