"""Roles of cells in Python, run in threads of a test: real servers, and real clients."""

from __future__ import annotations

import asyncio
import importlib.util
import queue
import random
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from inspect import isasyncgen, iscoroutine
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web
from helpers_bench import TIMEOUT_S, find_cell

from bench.contract.model import Cell
from bench.trial.addresses import free_port, listens

WAIT_S = 30.0
"""A bound that ends a test that hangs."""
_END = object()

# Only a main thread may handle signals, and a role is in another here.
web.run_app = partial(web.run_app, handle_signals=False)


def load(cell_id: str) -> ModuleType:
    """Import the program of a workload, as ``load_cell`` does."""
    return load_cell(find_cell(cell_id))


def load_cell(cell: Cell) -> ModuleType:
    """Import a program as a host does: its folder, and its stack's, are searched first.

    Its modules are its own: ``reassembly`` is one file on HTTP and another on BSD sockets.
    """
    own = {each.stem for folder in cell.search for each in folder.glob("*.py")}
    with pytest.MonkeyPatch.context() as patch:
        for folder in reversed(cell.search):
            patch.syspath_prepend(folder)
        for name in own & sys.modules.keys():
            patch.delitem(sys.modules, name)
        spec = importlib.util.spec_from_file_location(cell.id.replace("/", "_"), cell.path)
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name in own & sys.modules.keys():
            del sys.modules[name]
    return module


def some_address(host: str = "127.0.0.1") -> str:
    return f"tcp://{host}:{free_port(random.Random())}"


class Stream:
    """The stream of a driver: it waits for messages, and ends when the role is left."""

    def __init__(self, *messages: bytes) -> None:
        self.waiting: queue.Queue[Any] = queue.Queue()
        for message in messages:
            self.waiting.put(message)

    def give(self, message: bytes) -> None:
        self.waiting.put(message)

    def __iter__(self) -> Iterator[bytes]:
        while (message := self.waiting.get()) is not _END:
            yield message

    async def __aiter__(self) -> Any:
        while True:
            try:
                message = self.waiting.get_nowait()
            except queue.Empty:
                await asyncio.sleep(0.001)
                continue
            if message is _END:
                return
            yield message


class Role:
    """One role in a thread: ``next()`` returns what it yields, and raises its error."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)
        self.yielded: queue.Queue[Any] = queue.Queue()
        self.streams = [each for each in arguments if isinstance(each, Stream)]
        self.loop: asyncio.AbstractEventLoop | None = None
        self.task: asyncio.Task[None] | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        try:
            function, arguments = self.call
            result = function(*arguments)
            if iscoroutine(result) or isasyncgen(result):
                asyncio.run(self._run_async(result))
            elif result is not None:
                for item in result:
                    self.yielded.put(item)
            self.yielded.put(EndedError("it returned"))
        except asyncio.CancelledError:
            pass
        except Exception as error:  # for the test to see
            self.yielded.put(error)

    async def _run_async(self, result: Any) -> None:
        self.loop, self.task = asyncio.get_running_loop(), asyncio.current_task()
        if iscoroutine(result):
            await result
        else:
            async for item in result:
                self.yielded.put(item)

    def next(self) -> Any:
        item = self.yielded.get(timeout=WAIT_S)
        if isinstance(item, Exception):
            raise item
        return item

    def quiet(self) -> bool:
        """Whether nothing has been yielded that was not taken."""
        return self.yielded.empty()

    def rest(self) -> list[Any]:
        """Return what has been yielded and was not taken, without errors."""
        found = []
        while not self.yielded.empty():
            found.append(self.yielded.get())
        return [item for item in found if not isinstance(item, Exception)]

    def leave(self) -> None:
        for stream in self.streams:
            stream.waiting.put(_END)
        if self.loop and self.task:
            with suppress(RuntimeError):  # it has come to its end
                self.loop.call_soon_threadsafe(self.task.cancel)


class EndedError(Exception):
    """A role came to its end."""


@contextmanager
def running(function: Any, *arguments: Any, listening: str = "") -> Iterator[Role]:
    """Run a role until the block ends; wait first until an address is listened at."""
    role = Role(function, *arguments)
    try:
        if listening:
            wait_for(listening)
        yield role
    finally:
        role.leave()


def wait_for(address: str) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not listens(address):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@contextmanager
def accepting(use: Callable[[socket.socket], Any]) -> Iterator[tuple[str, list[Any]]]:
    """Use each connection that comes, in a thread; yield the address, and what use said."""
    said: list[Any] = []

    def accept(listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:  # the test has ended
                return
            said.append(use(connection))

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        yield f"tcp://127.0.0.1:{listening.getsockname()[1]}", said
        listening.shutdown(socket.SHUT_RDWR)


@contextmanager
def joined(module: Any, address: str) -> Iterator[tuple[Stream, Role, Role]]:
    """A publisher and one subscriber that has received all that was published so far."""
    messages = Stream()
    with (
        running(module.publish, address, messages, listening=address) as publisher,
        running(module.subscribe, address) as subscriber,
    ):
        deadline = time.monotonic() + WAIT_S
        while subscriber.quiet():
            assert time.monotonic() < deadline
            messages.give(b"join")
            time.sleep(0.05)
        messages.give(b"joined")
        while subscriber.next() != b"joined":
            pass
        yield messages, publisher, subscriber
