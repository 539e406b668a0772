"""The usage of a process: threads, descriptors, sockets, connections and memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from bench.trial.descendants import memory_bytes

ESTABLISHED = "01"
SOCKET = "socket:["


class Usage(NamedTuple):
    """Counts of one process; ``connections`` are its ends of established TCP ones."""

    connections: int
    sockets: int
    threads: int
    descriptors: int
    rss_bytes: int


def usage(pid: int) -> Usage:
    """Count what a process holds now. Raises OSError if it is gone."""
    process = Path(f"/proc/{pid}")
    links = [*_open_files(process)]
    sockets = {link[len(SOCKET) : -1] for link in links if link.startswith(SOCKET)}
    return Usage(
        sum(inode in sockets for inode in _established(process)),
        len(sockets),
        len([*(process / "task").iterdir()]),
        len(links),
        memory_bytes(pid, "VmRSS"),
    )


def _open_files(process: Path) -> Iterator[str]:
    for path in (process / "fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            yield os.readlink(path)


def _established(process: Path) -> list[str]:
    """Return the inodes of all established connections in a process's network."""
    found = []
    for table in ("tcp", "tcp6"):
        path = process / "net" / table
        if path.exists():
            rows = (line.split() for line in path.read_text(encoding="ascii").splitlines())
            found += [row[9] for row in rows if row[3] == ESTABLISHED]
    return found
