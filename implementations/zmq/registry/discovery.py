"""Peers that find each other over ZMTP: each tells a registry, and hears of all."""

from asyncio import sleep
from contextlib import suppress

import zmq
from zmq.asyncio import Context

HEARTBEAT_S = 0.5
DEADLINE_MS = 2000


async def register(registry):
    peers = Context.instance().socket(zmq.REP)
    peers.bind(registry)
    known = {}
    while True:
        known[await peers.recv()] = None
        await peers.send_multipart(list(known))


async def discover(registry, about):
    socket = Context.instance().socket(zmq.REQ)
    # The registry may be gone, or silent: then it is asked again.
    socket.rcvtimeo, socket.req_relaxed, socket.req_correlate = DEADLINE_MS, 1, 1
    socket.connect(registry)
    known = {about}
    while True:
        await socket.send(about)
        others = []
        with suppress(zmq.Again):
            others = await socket.recv_multipart()
        for other in others:
            if other not in known:
                known.add(other)
                yield other
        await sleep(HEARTBEAT_S)
