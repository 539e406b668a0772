"""Addresses: the harness chooses them, and observes from outside if a process listens.

Ports lie outside the range from which the kernel picks a client's port: a client that
retries a port of that range can end up connected to itself.
"""

from __future__ import annotations

import errno
import os
import random
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from bench.contract.model import DIRECT, INPROC
from bench.errors import NotMeasurable

if TYPE_CHECKING:
    from bench.trial.site import Site

LOOPBACK = "127.0.0.1"
EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST_PORT = 10_000
APART = 97
"""How many ports lie between the first choices of two processes that follow each other."""
LISTEN = "0A"
NO_SUCH_NETWORK = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)
"""The errors of a machine without IPv6, for a socket and for its address."""
ACCEPTS_CONNECTIONS = 0x10000
UNIX_PATH_BYTES_MAX = 107


def port_pool() -> range:
    """Return the larger range of unprivileged ports outside the ephemeral one."""
    low, high = 32_768, 60_999
    if EPHEMERAL_RANGE.exists():
        low, high = (
            int(word) for word in EPHEMERAL_RANGE.read_text(encoding="utf-8").split()
        )
    below, above = range(LOWEST_PORT, low), range(high + 1, 65_536)
    pool = max(below, above, key=len)
    if len(pool) < 100:
        raise NotMeasurable(
            f"the kernel hands out nearly every port to clients ({low} to {high}): "
            "narrow net.ipv4.ip_local_port_range"
        )
    return pool


def is_free(port: int, address: str = LOOPBACK) -> bool:
    """Return whether a port can be bound at an address, and on loopback over IPv6.

    This sends no packet. A machine without IPv6 has nothing bound there.
    """
    for family, where in ((socket.AF_INET, address), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((where, port))
        except OSError as error:
            if error.errno not in NO_SUCH_NETWORK:
                return False
    return True


def free_port(
    rng: random.Random, taken: Iterable[int] = (), address: str = LOOPBACK
) -> int:
    """Return a port that is free at an address now and not in ``taken``.

    With the same seed, two processes try different ports. Otherwise two harnesses side by
    side would find the same port free at the same moment.
    """
    pool, avoid = port_pool(), set(taken)
    own = os.getpid() * APART
    for _ in range(1000):
        port = pool[(rng.randrange(len(pool)) + own) % len(pool)]
        if port not in avoid and is_free(port, address):
            return port
    raise NotMeasurable(
        f"no port from {pool.start} to {pool.stop - 1} is free: end the programs that "
        "listen there"
    )


def assign(
    names: Iterable[str],
    transport: str,
    folder: Path,
    rng: random.Random,
    sites: Mapping[str, Site] | None = None,
) -> dict[str, str]:
    """Return a URL for each named address of a trial.

    ``sites`` are where they are bound, by name; the default is loopback.

    Raises NotMeasurable if no port is free or a socket path would be too long.
    """
    addresses: dict[str, str] = {}
    ports: list[int] = []
    for name in names:
        if transport == "tcp":
            site = sites[name] if sites else None
            ports.append(site.free_port(rng, ports) if site else free_port(rng, ports))
            addresses[name] = f"tcp://{site.address if site else LOOPBACK}:{ports[-1]}"
        elif transport == "ipc":
            path = folder / name
            if len(str(path).encode()) > UNIX_PATH_BYTES_MAX:
                raise NotMeasurable(
                    f"{path} is too long for a socket: set a shorter TMPDIR"
                )
            addresses[name] = f"ipc://{path}"
        elif transport in (INPROC, DIRECT):
            addresses[name] = f"{transport}://{folder.name}-{name}"
        else:
            raise NotMeasurable(f"this harness has no transport {transport!r}")
    return addresses


def _tcp_listens(port: int, process: str) -> bool:
    """Look for a port among the listening sockets, which head the kernel's tables.

    The rest is not read: it has a line for each connection of the last minute.
    """
    wanted = f":{port:04X}"
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/{process}/net/{table}")
        if not path.exists():
            continue
        with open(path, encoding="utf-8") as lines:
            next(lines)
            for _, address, _, state, *_ in map(str.split, lines):
                if state != LISTEN:
                    break
                if address.endswith(wanted):
                    return True
    return False


def _unix_listens(path: str, process: str) -> bool:
    # Any process may have given a socket a name that is not UTF-8.
    table = ""
    with suppress(FileNotFoundError):  # the process has ended
        table = os.fsdecode(Path(f"/proc/{process}/net/unix").read_bytes())
    for line in table.splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) != 8 or fields[7] != path:
            continue
        if int(fields[3], 16) & ACCEPTS_CONNECTIONS:
            return True
    return False


def listens(address: str, process: int | str = "self") -> bool:
    """Return whether a socket accepts at an address, from the tables of the kernel.

    ``process`` is an id: the tables belong to the network of that process, for example to
    a namespace.

    This makes no connection, so that a cell does not notice it. Addresses inside one
    process always count as listening, because messages order how their roles join.
    """
    url = urlsplit(address)
    if url.scheme == "tcp":
        assert url.port
        return _tcp_listens(url.port, str(process))
    if url.scheme == "ipc":
        return _unix_listens(url.path, str(process))
    return True
