"""A program that already runs: a loop that counts, and obeys its standard input.

    python application.py PROGRAM URL

PROGRAM is a file with ``start(address)``. It returns the address at which its library
listens, and a function that stops the server. The application prints the address as a URL.
The line ``count`` makes it print how many pieces of work it has done. The line ``stop``
makes it stop the server, print the same number, and end.
"""

from __future__ import annotations

import select
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

WORK_S = 0.001
LOCAL = "ipc://"


class Address(NamedTuple):
    """Where to serve. Some libraries take the URL, most take host and port, or a path."""

    url: str
    host: str | None = None
    port: int | None = None
    path: str | None = None


def parse(url: str) -> Address:
    """Take a URL apart: ``tcp://host:port``, ``tcp://[host]:port`` or ``ipc://path``."""
    if url.startswith(LOCAL):
        return Address(url, path=url.removeprefix(LOCAL))
    parts = urlsplit(url)
    return Address(url, parts.hostname, parts.port)


def url_of(bound: Any) -> str:
    """Return an address of a library as a URL.

    ``bound`` is a URL, a path, or a tuple of host and port as sockets have it.
    """
    if isinstance(bound, str):
        return bound if "://" in bound else LOCAL + bound
    host, port, *_ = bound
    return f"tcp://[{host}]:{port}" if ":" in host else f"tcp://{host}:{port}"


def do_piece() -> str | None:
    """Do a piece of work; return the line that arrived meanwhile, or None."""
    ready, _, _ = select.select([sys.stdin], [], [], WORK_S)
    if not ready:
        return None
    return sys.stdin.readline().strip() or "stop"  # at the end of input the parent is gone


def say(line: object) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(program: Path, url: str) -> None:
    sys.path[0:1] = [str(program.parent), str(program.parent.parent)]
    bound, stop = import_module(program.stem).start(parse(url))
    say(url_of(bound))
    pieces, order = 0, None
    while order != "stop":
        pieces += 1
        order = do_piece()
        if order == "stop":
            stop()
        if order:
            say(pieces)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
