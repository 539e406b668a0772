"""An echo server inside a program that does something else, over HTTP: uvicorn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from threading import Thread
from time import sleep
from typing import Any

import uvicorn

Message = dict[str, Any]


async def echo(
    _: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    body, more = b"", True
    while more:
        piece = await receive()
        body, more = body + piece.get("body", b""), piece.get("more_body", False)
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def start(address: Any) -> tuple[Any, Callable[[], None]]:
    options = uvicorn.Config(echo, address.host, address.port, lifespan="off",
                             access_log=False, log_level="warning")  # fmt: skip
    listener = options.bind_socket()
    server = uvicorn.Server(options)
    thread = Thread(target=server.run, args=([listener],))
    thread.start()
    while not server.started:  # only then it listens
        sleep(0.01)

    def stop() -> None:
        server.should_exit = True
        thread.join()

    return listener.getsockname(), stop
