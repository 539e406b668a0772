"""Programs of the web of peers, beside strangers that are silent, slow or gone."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any

import pytest
from helpers_roles import (
    WAIT_S,
    Role,
    Stream,
    accepting,
    load_cell,
    running,
    some_address,
    until,
    wait_for,
)

from bench.contract.topology import players, topologies
from bench.hosts.peer import Known, Peer

WEBS = {c.key.removesuffix(".python"): c for c in players(topologies()["web"])}
FINDERS = {c.key.removesuffix(".python"): c for c in players(topologies()["discovery"])}
NEWS_BYTES, NEWS = 256 * 1024, 120
"""More than the kernel keeps for a reader that reads nothing."""
JOBS = 12


def knowing(*peers: Peer) -> Known:
    known = Known()
    for peer in peers:
        known.add(peer)
    return known


@contextmanager
def killed_in_the_end(command: list[str], address: str) -> Iterator[None]:
    """Run a command until the block ends, from when it listens at an address."""
    process = subprocess.Popen(command)
    try:
        wait_for(address)
        yield
    finally:
        process.kill()
        process.wait()


# -- news ----------------------------------------------------------------------------------


class News:
    """Numbered news, one every few milliseconds, which count how many were taken."""

    taken = 0

    async def __aiter__(self) -> Any:
        for number in range(NEWS):
            self.taken = number + 1
            yield number.to_bytes(4) * (NEWS_BYTES // 4)
            await asyncio.sleep(0.005)
        await asyncio.Event().wait()


ASKS = {
    "http.mesh": b"GET / HTTP/1.1\r\nHost: all\r\n\r\n",
    "http.mesh_websocket": (
        b"GET / HTTP/1.1\r\nHost: all\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ),
    "raw_socket.mesh": b"",
}
"""The first words of a reader of news."""


@pytest.mark.parametrize("key", ASKS)
def test_a_reader_that_does_not_read_misses_news_and_holds_up_no_peer(key: str) -> None:
    program, address, news = load_cell(WEBS[key]), some_address(), News()
    published = running(program.publish, address, news, listening=address)
    with closing(socket.socket()) as idle, published:
        idle.settimeout(WAIT_S)
        idle.connect(("127.0.0.1", int(address.rpartition(":")[2])))
        idle.sendall(ASKS[key])
        with running(program.subscribe, knowing(Peer("1", 1, news=address))) as reader:
            while int.from_bytes(reader.next()[:4]) < NEWS - 1:
                pass
        assert news.taken == NEWS
        assert NEWS_BYTES < bytes_left(idle) < NEWS * NEWS_BYTES / 2


def bytes_left(idle: socket.socket) -> int:
    """Read all that is there, and say how much it was."""
    idle.settimeout(0.5)
    total = 0
    while True:
        try:
            total += len(idle.recv(1 << 20))
        except TimeoutError:
            return total


# -- results -------------------------------------------------------------------------------


def read_and_leave(connection: socket.socket) -> bytes:
    """Take one request of HTTP, and close the connection without an answer."""
    with closing(connection):
        return connection.recv(1 << 16)


def test_a_result_over_http_is_posted_again_only_where_nothing_was_sent() -> None:
    program, gone, store = load_cell(WEBS["http.mesh"]), some_address(), some_address()
    tasks, jobs = some_address(), Stream(*(b"%d" % number for number in range(JOBS)))
    with (
        accepting(read_and_leave) as (leaving, taken),
        running(program.collect, store, listening=store) as collected,
        running(program.distribute, tasks, jobs, listening=tasks),
    ):
        peers = knowing(
            Peer("source", 0, tasks=tasks),
            Peer("gone", 1, results=gone),
            Peer("leaving", 2, results=leaving),
            Peer("store", 3, results=store),
        )
        with running(program.work, peers, lambda job: job):
            until(lambda: len(taken) + collected.yielded.qsize() == JOBS)
        results = collected.rest()
    assert taken
    assert all(request.startswith(b"POST / HTTP/1.1") for request in taken)
    assert len({*results}) == len(results) == JOBS - len(taken)


# -- calls ---------------------------------------------------------------------------------

SETTLED_S = 0.3
"""By then a caller is connected, and what is under way has come."""


class Calls(Stream):
    """Calls of a server by its name, which are what they say if they are no messages."""

    async def __aiter__(self) -> Any:
        async for message in super().__aiter__():
            yield message if isinstance(message, tuple) else ("server", message)


CALLS, WAITING_MAX = 25, 5


@pytest.mark.parametrize("key", ["http.mesh", "http.star"])
def test_a_call_over_http_is_dropped_while_five_for_the_same_peer_wait(key: str) -> None:
    program, calls = load_cell(WEBS[key]), Calls()
    with accepting(lambda connection: connection) as (silent, held):
        peers = [Peer(name, n, calls=silent) for n, name in enumerate(("server", "other"))]
        known = silent if "star" in key else knowing(*peers)
        with running(program.call, known, calls):
            time.sleep(SETTLED_S)
            for _ in range(CALLS):
                calls.give(b"call")
            calls.give(("other", b"call"))
            until(lambda: len(held) > WAITING_MAX)
            time.sleep(SETTLED_S)
            assert len(held) == WAITING_MAX + 1, "one more for the other"


# -- calls through a hub ------------------------------------------------------------------

HUB = """
import asyncio, sys
sys.path[:0] = sys.argv[1:2]
from web import route
asyncio.run(route(*sys.argv[2:]))
"""


def test_no_caller_gets_the_reply_of_another_one_from_before_the_hub_was_killed() -> None:
    """A hub of ZeroMQ numbers its callers, and begins with the same number each time."""
    cell = WEBS["zmq.star"]
    program, addresses = load_cell(cell), [some_address() for _ in range(7)]
    front = addresses[0]
    asked, answer = threading.Event(), threading.Event()

    def handle(request: bytes) -> bytes:
        if request == b"first":
            asked.set()
            assert answer.wait(WAIT_S)
        return request

    hub = [sys.executable, "-c", HUB, str(cell.path.parent), *addresses]
    first, second = Calls(), Calls()
    with running(program.serve, front, "server", handle):
        with killed_in_the_end(hub, front), running(program.call, front, "one", first):
            time.sleep(SETTLED_S)
            first.give(b"first")
            assert asked.wait(WAIT_S)
        gc.collect()  # which closes the caller's socket
        with (
            killed_in_the_end(hub, front),
            running(program.call, front, "two", second) as caller,
        ):
            time.sleep(SETTLED_S)
            answer.set()
            time.sleep(SETTLED_S)
            second.give(b"second")
            assert caller.next() == b"second"
            assert caller.quiet()


# -- finding each other --------------------------------------------------------------------

REGISTRY = """
import asyncio, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from discovery import register
asyncio.run(register(sys.argv[1]))
"""


def registry(key: str, address: str) -> AbstractContextManager[None]:
    cell = FINDERS[key]
    folders = [str(folder) for folder in (cell.path.parent, *cell.search)]
    return killed_in_the_end([sys.executable, "-c", REGISTRY, address, *folders], address)


@pytest.mark.parametrize("key", [key for key in FINDERS if key.endswith("registry")])
def test_peers_find_each_other_again_after_their_registry_was_killed(key: str) -> None:
    program, address = load_cell(FINDERS[key]), some_address()

    def finding(name: bytes) -> Any:
        return running(program.discover, address, name)

    with running(program.discover, address, b"third") as third:
        with registry(key, address), finding(b"fourth") as fourth:
            assert {third.next(), fourth.next()} == {b"third", b"fourth"}
        with registry(key, address), finding(b"fifth"):
            assert third.next() == b"fifth"


@pytest.mark.parametrize("key", [key for key in FINDERS if key.endswith("gossip")])
def test_a_peer_asks_again_if_the_peer_that_it_asked_is_silent(key: str) -> None:
    inbox = some_address()
    held: list[socket.socket] = []
    again = threading.Event()

    def hold(connection: socket.socket) -> None:
        held.append(connection)
        if len(held) > 1:
            again.set()

    with accepting(hold) as (silent, _):
        discover: Callable[..., Any] = load_cell(FINDERS[key]).discover
        with running(discover, inbox, b"me", silent) as peer:
            assert again.wait(WAIT_S), said_by(peer)


def said_by(peer: Role) -> list[Any]:
    return list(peer.yielded.queue)
