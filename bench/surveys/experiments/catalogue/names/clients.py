"""Six ways to ask a peer by its name, each with a timeout and otherwise by default.

A function opens a conversation with a host. It returns a function that makes one round trip
over a connection, which it makes anew if there is none, and raises what its library raises.
Conversations of one process share what their library shares: a loop, a context.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine
from functools import cache
from typing import Any

from bench.surveys.experiments.catalogue.names.peers import PORT

TIMEOUT_S = 0.5
Ask = Callable[[], None]


def sockets(host: str) -> Ask:
    """Over a socket, which connects with ``socket.create_connection``."""
    held: list[socket.socket] = []

    def ask() -> None:
        try:
            if not held:
                held.append(socket.create_connection((host, PORT), TIMEOUT_S))
            held[0].sendall(b"?")
            if not held[0].recv(1):
                raise ConnectionResetError("the peer has gone")
        except OSError:
            while held:
                held.pop().close()
            raise

    return ask


@cache
def loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of all conversations, which runs in a thread of its own."""
    made = asyncio.new_event_loop()
    threading.Thread(target=made.run_forever, daemon=True).start()
    return made


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine on the event loop, and wait for it."""
    asyncio.run_coroutine_threadsafe(work, loop()).result()


def streams(host: str) -> Ask:
    """Over asyncio's streams."""
    held: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def once() -> None:
        if not held:
            held.append(await asyncio.open_connection(host, PORT))
        reader, writer = held[0]
        writer.write(b"?")
        await reader.readexactly(1)

    async def ask() -> None:
        try:
            await asyncio.wait_for(once(), TIMEOUT_S)
        except (OSError, EOFError):
            while held:
                held.pop()[1].close()
            raise

    return lambda: run(ask())


def requests(host: str) -> Ask:
    """Over a session of requests."""
    import requests as library

    session = library.Session()
    session.trust_env = False

    def ask() -> None:
        session.get(f"http://{host}:{PORT}/", timeout=TIMEOUT_S)

    return ask


@cache
def aiohttp_session() -> Any:
    import aiohttp

    async def made() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(TIMEOUT_S))

    return asyncio.run_coroutine_threadsafe(made(), loop()).result()


def aiohttp(host: str) -> Ask:
    """Over the session of aiohttp that a program has."""
    session = aiohttp_session()

    async def ask() -> None:
        async with session.get(f"http://{host}:{PORT}/"):
            pass

    return lambda: run(ask())


def pycurl(host: str) -> Ask:
    """Over a handle of libcurl."""
    import pycurl as library

    curl = library.Curl()
    curl.setopt(library.URL, f"http://{host}:{PORT}/")
    curl.setopt(library.NOPROXY, "*")
    curl.setopt(library.NOSIGNAL, True)
    curl.setopt(library.TIMEOUT_MS, int(TIMEOUT_S * 1000))

    def ask() -> None:
        curl.perform_rb()

    return ask


def zmq(host: str) -> Ask:
    """Over a socket of ZeroMQ that may ask again after a timeout."""
    import zmq as library

    sock: library.Socket[bytes] = library.Context.instance().socket(library.REQ)
    sock.linger, sock.rcvtimeo = 0, int(TIMEOUT_S * 1000)
    sock.req_relaxed = sock.req_correlate = True
    sock.connect(f"tcp://{host}:{PORT}")

    def ask() -> None:
        sock.send(b"?")
        sock.recv()

    return ask


CLIENTS: dict[str, tuple[str, Callable[[str], Ask]]] = {
    "sockets": ("sockets", sockets),
    "streams": ("sockets", streams),
    "requests": ("http", requests),
    "aiohttp": ("http", aiohttp),
    "pycurl": ("http", pycurl),
    "zmq": ("zmq", zmq),
}
"""By subject, the protocol of its peer, and the function."""
