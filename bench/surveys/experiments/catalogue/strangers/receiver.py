"""A process with one program that collects messages, or that serves requests.

It answers each line on its input with the number of messages that have reached the
application so far. Words: the path of the program, the folder of keys, the address.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any


class Application:
    """Counts what reaches it."""

    def __init__(self) -> None:
        self.count = 0

    def handle(self, message: bytes) -> bytes:
        self.count += 1
        return message

    def take_all(self, messages: Iterator[bytes]) -> None:
        for message in messages:
            self.handle(message)

    async def take_all_async(self, messages: AsyncIterator[bytes]) -> None:
        async for message in messages:
            self.handle(message)


def loaded(path: Path) -> Any:
    """Return the module of a program, which may import what lies beside it."""
    sys.path[:0] = [str(path.parent), str(path.parent.parent)]
    return importlib.import_module(path.stem)


def run(program: Any, keys: Path, address: str, application: Application) -> None:
    if hasattr(program, "serve"):
        program.serve(address, application.handle)
        return
    messages = program.collect(address, keys)
    if isinstance(messages, AsyncIterator):
        asyncio.run(application.take_all_async(messages))
    else:
        application.take_all(messages)


def main() -> None:
    application = Application()
    program = loaded(Path(sys.argv[1]))
    logging.disable()  # a server's complaints about strangers

    def answer() -> None:
        for _ in sys.stdin:
            print(application.count, flush=True)

    threading.Thread(target=answer, daemon=True).start()
    run(program, Path(sys.argv[2]), sys.argv[3], application)


if __name__ == "__main__":
    main()
