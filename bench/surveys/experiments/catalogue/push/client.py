"""A client that hears of events in one of five ways, each with aiohttp or pyzmq.

``after`` is the number of the last event that the client knows. Polls and server-sent
events take it along when they connect again; the other two have no place for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import closing

from aiohttp import ClientSession

from bench.surveys.experiments.catalogue.push.ways import POLL_S, PUB_SUB, WAYS, WEBSOCKET

Event = tuple[int, int]
Hear = Callable[[int, int], AsyncGenerator[Event, None]]


async def _polled(
    port: int, after: int, path: str, pause_s: float
) -> AsyncGenerator[Event, None]:
    async with ClientSession(f"http://127.0.0.1:{port}") as session:
        while True:
            async with session.get(path, params={"after": after}) as response:
                for number, at_ns in await response.json():
                    yield number, at_ns
                    after = number
            await asyncio.sleep(pause_s)


async def polling(port: int, after: int) -> AsyncGenerator[Event, None]:
    async for event in _polled(port, after, "/polling", POLL_S):
        yield event


async def long_polling(port: int, after: int) -> AsyncGenerator[Event, None]:
    async for event in _polled(port, after, "/long_polling", 0.0):
        yield event


async def sse(port: int, after: int) -> AsyncGenerator[Event, None]:
    headers = {"Last-Event-ID": str(after)} if after else {}
    async with (
        ClientSession(f"http://127.0.0.1:{port}") as session,
        session.get("/sse", headers=headers) as response,
    ):
        number = 0
        async for line in response.content:
            name, _, value = line.decode().strip().partition(": ")
            if name == "id":
                number = int(value)
            elif name == "data":
                yield number, int(value)


async def websocket(port: int, _: int) -> AsyncGenerator[Event, None]:
    async with (
        ClientSession(f"http://127.0.0.1:{port}") as session,
        session.ws_connect("/websocket") as socket,
    ):
        while True:
            number, at_ns = await socket.receive_json()
            yield number, at_ns


async def pub_sub(port: int, _: int) -> AsyncGenerator[Event, None]:
    import zmq.asyncio

    with closing(zmq.asyncio.Context.instance().socket(zmq.SUB)) as socket:
        socket.linger = 0
        socket.subscribe(b"")
        socket.connect(f"tcp://127.0.0.1:{port}")
        while True:
            number, at_ns = map(int, (await socket.recv()).split())
            yield number, at_ns


HEAR: dict[str, Hear] = dict(
    zip(WAYS, (polling, long_polling, sse, websocket, pub_sub), strict=True)
)
REMEMBERS = {way: way not in (WEBSOCKET, PUB_SUB) for way in WAYS}
"""Whether a way has a place for the last event that a client knows."""
