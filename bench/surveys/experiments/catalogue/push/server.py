"""A server that has events, and tells of them in one of five ways.

It prints its port. ``go COUNT`` on its input lets so many events happen, and it prints
``done``. An event is its number and the moment at which it happened, in nanoseconds.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web

from bench.surveys.experiments.catalogue.push.ways import EACH_S, LONG_POLL_S, PUB_SUB

Event = tuple[int, int]


class Events:
    """All that has happened so far. ``after`` waits for what has not."""

    def __init__(self) -> None:
        self._log: list[Event] = []
        self._changed = asyncio.Condition()

    def known_after(self, number: int) -> list[Event]:
        return self._log[number:]

    @property
    def count(self) -> int:
        return len(self._log)

    async def happen(self) -> Event:
        async with self._changed:
            self._log.append((len(self._log) + 1, time.perf_counter_ns()))
            self._changed.notify_all()
            return self._log[-1]

    async def after(self, number: int) -> list[Event]:
        """Return the events after a number; wait until there is one."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._log) > number)
            return self._log[number:]

    async def each_after(self, number: int) -> AsyncIterator[Event]:
        while True:
            for event in await self.after(number):
                yield event
                number = event[0]


def routes(events: Events) -> list[web.RouteDef]:
    """Return a route for each way over HTTP."""

    async def poll(request: web.Request) -> web.Response:
        return web.json_response(events.known_after(int(request.query["after"])))

    async def long_poll(request: web.Request) -> web.Response:
        after = int(request.query["after"])
        try:
            found = await asyncio.wait_for(events.after(after), LONG_POLL_S)
        except TimeoutError:
            found = []
        return web.json_response(found)

    async def server_sent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        last = request.headers.get("Last-Event-ID", events.count)
        async for number, at_ns in events.each_after(int(last)):
            await response.write(f"id: {number}\ndata: {at_ns}\n\n".encode())
        return response

    async def websocket(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async for event in events.each_after(events.count):
            await socket.send_json(event)
        return socket

    return [
        web.get("/polling", poll),
        web.get("/long_polling", long_poll),
        web.get("/sse", server_sent),
        web.get("/websocket", websocket),
    ]


async def over_http(events: Events) -> int:
    """Serve all ways over HTTP; return the port."""
    app = web.Application()
    app.add_routes(routes(events))
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return int(runner.addresses[0][1])


def over_zmq(events: Events, tasks: set[Any]) -> int:
    """Publish on a PUB socket; return the port."""
    import zmq.asyncio

    socket = zmq.asyncio.Context.instance().socket(zmq.PUB)
    port = socket.bind_to_random_port("tcp://127.0.0.1")

    async def publish() -> None:
        async for number, at_ns in events.each_after(0):
            await socket.send(f"{number} {at_ns}".encode())

    tasks.add(asyncio.create_task(publish()))
    return int(port)


async def main(way: str) -> None:
    events, tasks = Events(), set[Any]()
    port = over_zmq(events, tasks) if way == PUB_SUB else await over_http(events)
    print(port, flush=True)
    loop = asyncio.get_running_loop()
    pause = random.Random(way)
    while order := await loop.run_in_executor(None, sys.stdin.readline):
        for _ in range(int(order.split()[1])):
            await asyncio.sleep(pause.uniform(0.5, 1.5) * EACH_S)
            await events.happen()
        await asyncio.sleep(EACH_S)  # or the last is told to a client that comes after it
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
