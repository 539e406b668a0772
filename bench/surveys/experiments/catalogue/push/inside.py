"""Hear of events in one way, inside a network namespace, and count what it costs.

This is a process of its own (see ``experiment``). It prints a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

from bench.errors import TrialError
from bench.measure.percentiles import quantile
from bench.surveys.experiments import counters
from bench.surveys.experiments.catalogue.push.client import HEAR
from bench.surveys.experiments.processes import line, role, started

SERVER = "bench.surveys.experiments.catalogue.push.server"
MISSED = 5
"""How many events happen while the client is away."""
JOIN_S, HEARD_S = 10.0, 5.0
IDLE_S = 1.0
"""How long bytes are counted while nothing happens."""


class Listener:
    """The events that a client has heard: the delay of each by its number."""

    def __init__(self, way: str, port: int) -> None:
        self._way, self._port = way, port
        self.delays_ns: dict[int, int] = {}

    @property
    def last(self) -> int:
        return max(self.delays_ns, default=0)

    async def _listen(self) -> None:
        async with aclosing(HEAR[self._way](self._port, self.last)) as events:
            async for number, at_ns in events:
                self.delays_ns[number] = time.perf_counter_ns() - at_ns

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Listen during the block, from the last event that is known."""
        task = asyncio.create_task(self._listen())
        try:
            yield
            if task.done():
                task.result()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def heard(self, number: int, limit_s: float) -> bool:
        """Wait until an event or a later one has been heard; return whether it was."""
        ends = time.monotonic() + limit_s
        while self.last < number and time.monotonic() < ends:
            await asyncio.sleep(0.005)
        return self.last >= number


class Source:
    """The server, told to let events happen."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.count = 0

    async def happen(self, count: int) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"go {count}\n".encode())
        await asyncio.to_thread(line, self._process)
        self.count += count


async def joined(listener: Listener, source: Source) -> None:
    """Let events happen until the client hears of one. Raises TrialError if it does not."""
    ends = time.monotonic() + JOIN_S
    before = source.count
    while time.monotonic() < ends:
        await source.happen(1)
        if await listener.heard(before + 1, 0.3):
            return
    raise TrialError(f"no event was heard in {JOIN_S:g} s")


async def hear(way: str, count: int, port: int, source: Source) -> dict[str, float]:
    """Return delays and bytes of an event, and how many missed events came later."""
    listener = Listener(way, port)
    async with listener.connected():
        await joined(listener, source)
        quiet = counters.read()
        await asyncio.sleep(IDLE_S)
        idle = counters.read().since(quiet)
        first, sent = source.count + 1, counters.read()
        await source.happen(count)
        await listener.heard(source.count, HEARD_S)
        used = counters.read().since(sent)
    delays_ns = [ns for number, ns in listener.delays_ns.items() if number >= first]
    if len(delays_ns) < count:
        raise TrialError(f"{way}: {len(delays_ns)} of {count} events were heard")
    missed = range(source.count + 1, source.count + 1 + MISSED)
    await source.happen(MISSED)
    async with listener.connected():
        await joined(listener, source)
    return {
        "delay_p50_ms": quantile(delays_ns, 0.5) / 1e6,
        "delay_p99_ms": quantile(delays_ns, 0.99) / 1e6,
        "idle_bytes_per_s": idle.all_bytes / IDLE_S,
        "wire_bytes": used.all_bytes / count,
        "replayed": sum(number in listener.delays_ns for number in missed),
    }


def main() -> None:
    way, count = sys.argv[1], int(sys.argv[2])
    counters.start()
    with started(role(SERVER, way)) as process:
        port = int(line(process))
        print(json.dumps(asyncio.run(hear(way, count, port, Source(process)))))


if __name__ == "__main__":
    main()
