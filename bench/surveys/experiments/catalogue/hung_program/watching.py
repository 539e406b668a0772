"""The ways in which a program watches its peer: each yields once, when it is connected.

A watcher then returns when it is told that the peer is gone, or after the limit. All have
like patience: each asks several times in ``SILENCE_S``, and gives its peer up after it.
"""

from __future__ import annotations

import asyncio
import math
import socket
import time
from collections.abc import Callable
from typing import Any

from bench.surveys.experiments.contexts import context

ASKED_S, SILENCE_S, LIMIT_S = 0.25, 0.75, 3.0
CONNECT_S = 5.0
Connected = Callable[[], None]
"""Called when the peer is there; it returns when trouble may have begun."""


def _since(began_s: float) -> float:
    return (time.monotonic() - began_s) * 1000


def heartbeats(port: int, connected: Connected) -> float:
    """Watch with ZMTP's heartbeats; a monitor of the socket tells of an end."""
    import zmq
    from zmq.utils.monitor import recv_monitor_message

    with context() as ctx:
        peer = ctx.socket(zmq.REQ)
        peer.heartbeat_ivl = int(ASKED_S * 1000)
        peer.heartbeat_timeout = int(SILENCE_S * 1000)
        events = zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
        monitor = peer.get_monitor_socket(events)
        peer.connect(f"tcp://127.0.0.1:{port}")
        assert monitor.poll(CONNECT_S * 1000)
        recv_monitor_message(monitor)
        connected()
        began_s = time.monotonic()
        told = monitor.poll(LIMIT_S * 1000)
        peer.disable_monitor()
        return _since(began_s) if told else math.inf


def deadline(port: int, connected: Connected) -> float:
    """Ask a question on ZeroMQ now and then, and wait for each reply so long."""
    import zmq

    with context() as ctx:
        peer = ctx.socket(zmq.REQ)
        peer.connect(f"tcp://127.0.0.1:{port}")
        peer.send(b"there?")
        assert peer.poll(CONNECT_S * 1000)
        peer.recv()
        connected()
        began_s = time.monotonic()
        while time.monotonic() - began_s < LIMIT_S:
            peer.send(b"there?")
            if not peer.poll(SILENCE_S * 1000):
                return _since(began_s)
            peer.recv()
            time.sleep(ASKED_S)
        return math.inf


def keepalive(port: int, connected: Connected) -> float:
    """Watch with TCP's keepalive, in the least time that Linux has for it: 1 s a step."""
    with socket.create_connection(("127.0.0.1", port), CONNECT_S) as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT):
            peer.setsockopt(socket.IPPROTO_TCP, option, 1)
        connected()
        began_s = time.monotonic()
        peer.settimeout(LIMIT_S)
        try:
            peer.recv(1)
        except TimeoutError as error:
            if error.errno is None:  # the socket's own patience, and not keepalive's
                return math.inf
        except OSError:
            pass
        return _since(began_s)


def websocket(port: int, connected: Connected) -> float:
    """Watch with the pings of a WebSocket, which aiohttp sends by itself."""
    return asyncio.run(_websocket(port, connected))


async def _websocket(port: int, connected: Connected) -> float:
    import aiohttp

    # aiohttp waits for a pong half as long as between two pings
    pings: dict[str, Any] = {"heartbeat": SILENCE_S / 1.5}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{port}/", **pings) as peer,
    ):
        connected()
        began_s = time.monotonic()
        try:
            await asyncio.wait_for(peer.receive(), LIMIT_S)
        except TimeoutError:
            return math.inf
        return _since(began_s)


WATCHERS = {
    "heartbeats": heartbeats,
    "keepalive": keepalive,
    "websocket": websocket,
    "deadline": deadline,
}
