"""A door into a network namespace, for connections to a port inside.

The socket that listens was made outside, and stays in the network of its maker.
This process has it, and runs inside. So it accepts there and connects here.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from bench.hosts.host import die_with_parent
from bench.trial.addresses import LOOPBACK
from bench.trial.processes import child_environment

READ_BYTES = 1 << 16
END_S = 5.0


@contextmanager
def door(enter: Sequence[str], host: str, port: int) -> Iterator[int]:
    """Yield a port on loopback that leads to a port of a namespace.

    ``enter`` is a command that starts a process there.
    """
    with socket.create_server((LOOPBACK, 0)) as listening:
        words = [os.getpid(), listening.fileno(), host, port]
        process = subprocess.Popen(
            [*enter, sys.executable, "-S", "-m", "bench.sites.door", *map(str, words)],
            env=child_environment(),
            pass_fds=[listening.fileno()],
            process_group=0,
        )
        try:
            yield int(listening.getsockname()[1])
        finally:
            process.kill()
            process.wait(END_S)


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):  # one of both ends is gone, and the other learns it
        while data := await source.read(READ_BYTES):
            target.write(data)
            await target.drain()
    target.close()


async def _serve(listening: socket.socket, host: str, port: int) -> None:
    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inside, to_inside = await asyncio.open_connection(host, port)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_carry(reader, to_inside), _carry(inside, writer))

    server = await asyncio.start_server(pass_on, sock=listening)
    await server.serve_forever()


def main() -> None:
    parent, file, host, port = sys.argv[1:]
    die_with_parent(int(parent))
    asyncio.run(_serve(socket.socket(fileno=int(file)), host, int(port)))


if __name__ == "__main__":
    main()
