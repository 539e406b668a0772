"""The peer that hangs, one for each kind: it prints its port, and hangs at a line of input.

``hangs`` stops the thread that the program runs in, and no other.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from typing import NoReturn


def listens(port: int) -> None:
    print(port, flush=True)


def hangs() -> NoReturn:
    sys.stdin.readline()
    print("hangs", flush=True)
    while True:
        time.sleep(3600)


def over_zmq() -> None:
    """Answer each question until there is a line to read."""
    import zmq

    server = zmq.Context().socket(zmq.REP)
    listens(server.bind_to_random_port("tcp://127.0.0.1"))
    poller = zmq.Poller()
    poller.register(server, zmq.POLLIN)
    poller.register(sys.stdin, zmq.POLLIN)
    while True:
        for ready, _ in poller.poll():
            if ready is not server:
                hangs()
            server.send(server.recv())


def over_sockets() -> None:
    """Take a connection, of which the kernel keeps care."""
    listener = socket.create_server(("127.0.0.1", 0))
    listens(listener.getsockname()[1])
    connection, _ = listener.accept()
    with connection:
        hangs()


async def over_websocket() -> None:
    from aiohttp import web

    async def attend(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse()
        await websocket.prepare(request)
        async for _ in websocket:
            pass
        return websocket

    app = web.Application()
    app.router.add_get("/", attend)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    asyncio.get_running_loop().add_reader(sys.stdin, hangs)
    listens(runner.addresses[0][1])
    await asyncio.Event().wait()


def main(kind: str) -> None:
    if kind == "websocket":
        asyncio.run(over_websocket())
    elif kind == "keepalive":
        over_sockets()
    else:
        over_zmq()


if __name__ == "__main__":
    main(sys.argv[1])
