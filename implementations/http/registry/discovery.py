"""Peers that find each other over HTTP/1.1: each PUTs itself, and is answered with all."""

from asyncio import Event, sleep
from contextlib import suppress

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from server import listen

HEARTBEAT_S = 0.5
DEADLINE_S = 2.0


async def register(registry):
    known = {}

    async def take(request):
        known[await request.text()] = None
        return web.json_response(list(known))

    await listen(registry, web.put("/", take))
    await Event().wait()


async def discover(registry, about):
    known = {about.decode()}
    deadline = ClientTimeout(DEADLINE_S)
    async with ClientSession(raise_for_status=True, timeout=deadline) as session:
        while True:
            others = []
            with suppress(ClientError, TimeoutError):  # it is gone, or silent
                url = registry.replace("tcp:", "http:")
                async with session.put(url, data=about) as response:
                    others = await response.json()
            for other in others:
                if other not in known:
                    known.add(other)
                    yield other.encode()
            await sleep(HEARTBEAT_S)
