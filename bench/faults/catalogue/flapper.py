"""A peer in a crash loop: it connects, is killed, and is started again, many times.

A helper process (see ``bench.faults.network.helper``). It loads the cell once and forks
each life of the peer, so that a life begins at once: a supervisor that starts Python anew
would spend its time on that. A life never answers the messages that it takes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import site
import sys
import time
from collections.abc import Iterable, Iterator
from inspect import isasyncgen, iscoroutine
from pathlib import Path
from typing import Any

from bench.faults.network.lines import say, serve
from bench.hosts.host import die_with_parent, load_cell

LIFE_S = 0.1
FOR_EVER_S = 3600.0


def hangs(message: bytes) -> bytes:
    """Handle a message for longer than any life lasts."""
    time.sleep(FOR_EVER_S)
    return message


class Endless:
    """A stream that gives one message again and again, to ``for`` and ``async for``."""

    def __init__(self, message: bytes) -> None:
        self.message = message

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield self.message

    async def __aiter__(self) -> Any:
        while True:
            yield self.message


async def _take(result: Any) -> None:
    if iscoroutine(result):
        await result
    else:
        async for _ in result:
            pass


def play(function: Any, arguments: Iterable[Any]) -> None:
    """Call a role as a host does, and take what it yields."""
    result = function(*arguments)
    if isasyncgen(result) or iscoroutine(result):
        asyncio.run(_take(result))
    else:
        for _ in result or ():
            pass


def live_once(function: Any, arguments: list[Any]) -> None:
    """Fork a life and kill it with SIGKILL, whatever it is doing."""
    parent = os.getpid()
    if child := os.fork():
        time.sleep(LIFE_S)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return
    try:
        die_with_parent(parent)
        play(function, arguments)
    finally:
        os._exit(1)


def main() -> None:
    spec = json.loads(sys.argv[1])
    die_with_parent(spec["parent"])
    site.main()  # helpers start without it, and cells import what is installed
    cell = load_cell(Path(spec["cell"]), spec["search"])
    arguments: list[Any] = list(spec["addresses"])
    if spec["drives"]:
        arguments.append(Endless(bytes.fromhex(spec["message"])))
    if spec["handles"]:
        arguments.append(hangs)
    function = getattr(cell, spec["role"])

    def flap(times: int) -> dict[str, Any]:
        for _ in range(times):
            live_once(function, arguments)
        return {"lives": times}

    say({})
    serve(flap)


if __name__ == "__main__":
    main()
